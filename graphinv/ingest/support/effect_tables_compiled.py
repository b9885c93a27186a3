"""Tables of :mod:`graphinv.ingest.support.effects` for Go and C#; written as those of :mod:`graphinv.ingest.support.effect_tables`."""

from __future__ import annotations

GO = """
nothing : os/exec.Command.Stdout* os/exec.Command.StdinPipe os/exec.Command.Wait os/exec.Cmd.Wait os/exec.LookPath
execute : os/exec.Command os/exec.CommandContext os/exec.Command.** os/exec.CommandContext.** os/exec.Cmd.** syscall.Exec
execute : syscall.ForkExec os.StartProcess plugin.Open github.com/creack/pty.Start
execute egress : golang.org/x/crypto/ssh.**.Run golang.org/x/crypto/ssh.**.Output golang.org/x/crypto/ssh.**.CombinedOutput
http * : net/http.NewRequest net/http.NewRequestWithContext
http GET : net/http.Get net/http.Client.Get net/http.DefaultClient.Get
http HEAD : net/http.Head net/http.Client.Head
http POST : net/http.Post net/http.PostForm net/http.Client.Post net/http.Client.PostForm net/http.DefaultClient.Post
nothing : net/http.**
egress : net.Dial net.DialTimeout net.Dialer.Dial* crypto/tls.Dial* google.golang.org/grpc.NewClient google.golang.org/grpc.Dial*
egress ! : github.com/gorilla/websocket.**.Dial*
write egress irreversible : net/smtp.SendMail net/smtp.Client.** gopkg.in/gomail.v2.**.DialAndSend
read : os.ReadFile os.Open os.ReadDir os.Stat os.Lstat os.Readlink os.DirFS io/ioutil.ReadFile io/ioutil.ReadDir path/filepath.Walk*
read : path/filepath.Glob path/filepath.EvalSymlinks os.Root.Open os.Root.Stat os.Root.ReadFile
write : os.WriteFile os.Create os.CreateTemp os.OpenFile os.Mkdir* os.Rename os.Chmod os.Chown os.Symlink os.Link os.Truncate
write : io/ioutil.WriteFile io/ioutil.TempFile io/ioutil.TempDir os.Root.Create os.Root.Mkdir* os.Root.WriteFile os.Root.Rename os.Setenv
destructive : os.Remove os.RemoveAll os.Root.Remove os.Root.RemoveAll syscall.Kill os.Process.Kill os.Process.Signal
nothing : os.File.** os.Open.** os.Create.** os.OpenFile.** os.FileInfo.** os.Getenv os.LookupEnv os.Getwd os.Exit os.IsNotExist os.IsExist
nothing : os.UserHomeDir os.Hostname os.Getpid os.Environ os.ExpandEnv os.Stderr.** os.Stdout.** os.FileMode os.Executable os.TempDir
sql : database/sql.*.Query* database/sql.*.Exec* database/sql.*.Prepare* github.com/jmoiron/sqlx.*.Query* github.com/jmoiron/sqlx.*.Exec*
sql : github.com/jmoiron/sqlx.*.Select* github.com/jmoiron/sqlx.*.Get* github.com/jmoiron/sqlx.*.NamedExec* database/sql.Open.Query*
sql : database/sql.Open.Exec* github.com/jackc/pgx/v5**.Query* github.com/jackc/pgx/v5**.Exec*
nothing : database/sql.** github.com/jmoiron/sqlx.** github.com/jackc/pgx/v5**
read : go.mongodb.org/mongo-driver**.Find* go.mongodb.org/mongo-driver**.Aggregate
write : go.mongodb.org/mongo-driver**.Insert* go.mongodb.org/mongo-driver**.Update* go.mongodb.org/mongo-driver**.Replace*
destructive : go.mongodb.org/mongo-driver**.Delete* go.mongodb.org/mongo-driver**.Drop
nothing : fmt.** strings.** strconv.** errors.** encoding/** bytes.** bufio.** io.** context.** time.** sort.** slices.** maps.** math**
nothing : path.** path/filepath.** regexp.** unicode** log.** log/slog.** sync.** reflect.** hash** crypto/** html.** net/url.** mime.**
nothing : net.Parse* net.JoinHostPort net.SplitHostPort cmp.** iter.** flag.** runtime.** text/** html/template.** unsafe.** errors.As
nothing : github.com/mark3labs/mcp-go/** github.com/modelcontextprotocol/go-sdk/** github.com/google/uuid.**
nothing : github.com/google/jsonschema-go/**
nothing : github.com/sirupsen/logrus.** go.uber.org/zap.** github.com/rs/zerolog** go.opentelemetry.io/** github.com/pkg/errors.**
nothing : .len .cap .append .make .new .copy .delete .clear .min .max .panic .recover .print .println .close .string .int .int32 .int64
nothing : .uint .uint8 .uint32 .uint64 .float32 .float64 .byte .rune .bool .any .error .complex .real .imag
nothing : ?.Error ?.String ?.Len ?.Close ?.Lock ?.Unlock ?.RLock ?.RUnlock ?.Add ?.Done ?.Wait ?.Format ?.Unix ?.Sub ?.Before ?.After
nothing : ?.WriteString ?.Unwrap ?.Is ?.As ?.Err ?.GetString ?.GetInt ?.GetFloat ?.GetBool ?.GetArguments ?.RequireString ?.RequireInt
nothing : ?.RequireFloat ?.RequireBool ?.BindArguments ?.Scan ?.Next ?.Columns ?.Rows ?.Name ?.IsDir ?.Size ?.Mode ?.ModTime ?.Info
nothing : ?.Fatal ?.Printf ?.Println ?.Debug ?.Info ?.Warn ?.Infof ?.Warnf ?.Errorf ?.Debugf ?.Sprintf
"""

CSHARP = """
execute : Process.Start new_Process.Start Process.**.Start ProcessStartInfo.** PowerShell.**.Invoke* CSharpScript.** Assembly.Load*
http GET : HttpClient.Get* HttpClient.**.Get*
http POST : HttpClient.Post* HttpClient.**.Post*
http PUT : HttpClient.Put* HttpClient.**.Put*
http PATCH : HttpClient.Patch* HttpClient.**.Patch*
http DELETE : HttpClient.Delete* HttpClient.**.Delete*
http * : HttpClient.Send* HttpClient.**.Send* WebRequest.Create*
http GET : WebClient.Download*
http POST : WebClient.Upload*
nothing : HttpClient.** HttpClient new_HttpClient new_HttpRequestMessage
read : File.Read* File.Open File.OpenRead File.OpenText File.Exists File.Get* Directory.Get* Directory.Enumerate* Directory.Exists
read : new_FileInfo new_DirectoryInfo new_StreamReader StreamReader.** FileInfo.OpenRead FileInfo.OpenText DirectoryInfo.Get*
write : File.Write* File.Append* File.Create* File.Copy File.Move File.Replace File.Set* File.OpenWrite Directory.Create* Directory.Move
write : new_StreamWriter StreamWriter.** new_FileStream FileStream.** ZipFile.** Environment.SetEnvironmentVariable
destructive : File.Delete Directory.Delete FileInfo.Delete DirectoryInfo.Delete Process.**.Kill Process.Kill
sql : *Command.Execute* new_SqlCommand new_NpgsqlCommand new_MySqlCommand new_SqliteCommand new_OracleCommand
sql : ?.ExecuteSqlRaw* ?.ExecuteSql* ?.FromSqlRaw* ?.QueryFirst* ?.QuerySingle* ?.QueryAsync ?.ExecuteScalar* ?.ExecuteReader*
sql : ?.ExecuteNonQuery*
write : ?.SaveChanges ?.SaveChangesAsync
write egress irreversible : SmtpClient.Send* SmtpClient.**.Send*
egress : TcpClient.** UdpClient.** Socket.** ClientWebSocket.** Dns.**
nothing : string.** String.** int.** Int32.** long.** double.** bool.** decimal.** object.** char.** Math.** Convert.** Guid.** DateTime.**
nothing : DateTimeOffset.** TimeSpan.** TimeZoneInfo.** Task.** JsonSerializer.** JsonDocument.** JsonElement.** Encoding.** Path.**
nothing : Console.** Enumerable.** Array.** Regex.** StringBuilder.** Uri.** CultureInfo.** Environment.Get* Environment.** Enum.**
nothing : ArgumentNullException.** ArgumentException.** CancellationToken.** ILogger.** ILogger`1.** new_* nameof Random.** Base64.**
nothing : ?.ToString ?.ToLower* ?.ToUpper* ?.Trim* ?.Split ?.Replace ?.Contains ?.StartsWith ?.EndsWith ?.Substring ?.Join ?.Equals ?.Format
nothing : ?.Select ?.Where ?.ToList ?.ToArray ?.First* ?.Any ?.All ?.OrderBy* ?.Count ?.ToDictionary ?.Append ?.AppendLine ?.ConfigureAwait
nothing : ?.GetProperty
nothing : ?.GetString ?.GetInt32 ?.GetDouble ?.EnumerateArray ?.EnumerateObject ?.TryGetProperty ?.TryGetValue ?.ContainsKey ?.Log*
nothing : ?.EnsureSuccessStatusCode ?.ReadAsStringAsync ?.ReadFromJsonAsync ?.Concat ?.Distinct ?.GroupBy ?.Sum ?.Max ?.Min ?.Take ?.Skip
"""
