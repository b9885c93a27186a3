"""Tables of :mod:`graphinv.ingest.support.effects`: which call does what. One line is ``effects : patterns``.

``!`` marks results that may carry content of strangers; ``http METHOD``, ``sql``, ``open`` and ``aws`` calls are made exact from their
arguments. In a pattern ``*`` is any part of one member's name, ``**`` any members, ``?`` a receiver that is not known. Of several
patterns that match, the first of the same head holds.
"""

from __future__ import annotations

from collections.abc import Mapping

PYTHON = """
execute : subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen subprocess.getoutput
execute : subprocess.getstatusoutput os.system os.popen os.exec* os.spawn* os.posix_spawn* os.startfile exec eval compile runpy.**
execute : pty.spawn
execute : asyncio.create_subprocess_exec asyncio.create_subprocess_shell asyncio.subprocess.** anyio.run_process anyio.open_process
execute : trio.run_process code.InteractiveInterpreter.** code.InteractiveConsole.** pexpect.** sh.** plumbum.**
execute egress : paramiko.**.exec_command paramiko.**.invoke_shell fabric.**.run fabric.**.sudo asyncssh.**.run pwn.**
read egress : paramiko.**.get paramiko.**.listdir
write egress : paramiko.**.put
execute : docker.**.containers.run docker.**.exec_run docker.**.containers.create kubernetes.stream.stream kubernetes.**.connect_*_exec
execute : e2b.** e2b_code_interpreter.** modal.Sandbox.** daytona_sdk.** RestrictedPython.** jupyter_client.** nbclient.**
execute : IPython.**.run_cell
execute : langchain_experimental.**.PythonREPL.** langchain_experimental.**.run langchain_community.**.ShellTool.** ansible_runner.**
http GET : requests.get requests.Session.get requests.session.get httpx.get httpx.*Client.get aiohttp.ClientSession.get niquests.get
http HEAD : requests.head requests.Session.head httpx.head httpx.*Client.head aiohttp.ClientSession.head
http GET : requests.options httpx.options httpx.*Client.options httpx.stream httpx.*Client.stream urllib.request.urlopen
http GET : urllib.request.urlretrieve
http POST : requests.post requests.Session.post requests.session.post httpx.post httpx.*Client.post aiohttp.ClientSession.post
http POST : niquests.post
http PUT : requests.put requests.Session.put requests.session.put httpx.put httpx.*Client.put aiohttp.ClientSession.put niquests.put
http PATCH : requests.patch requests.Session.patch requests.session.patch httpx.patch httpx.*Client.patch aiohttp.ClientSession.patch
http DELETE : requests.delete requests.Session.delete requests.session.delete httpx.delete httpx.*Client.delete
http DELETE : aiohttp.ClientSession.delete
http * : requests.request requests.Session.request requests.session.request httpx.request httpx.*Client.request
http * : aiohttp.ClientSession.request
http * : aiohttp.request niquests.request urllib3.request urllib3.*.request http.client.HTTP*Connection.request
http * : httpx.*Client.send requests.Session.send
nothing : requests.Session requests.session requests.adapters.** requests.auth.** httpx.*Client httpx.Timeout httpx.Limits
nothing : httpx.BasicAuth
nothing : httpx.Request requests.Request urllib.request.Request aiohttp.ClientSession aiohttp.ClientTimeout aiohttp.BasicAuth
nothing : aiohttp.*Connector
nothing : requests.**.raise_for_status requests.**.json httpx.**.raise_for_status httpx.**.json aiohttp.**.json aiohttp.**.text
nothing : requests.**.headers.*
nothing : httpx.**.headers.* requests.**.close httpx.**.aclose httpx.**.close aiohttp.**.raise_for_status aiohttp.**.close
nothing : urllib.request.**.read
nothing : aiohttp.**.read httpx.**.aread httpx.**.read requests.**.iter_content requests.**.iter_lines urllib.request.**.decode
egress : socket.socket.connect socket.socket.send* socket.create_connection asyncio.open_connection ftplib.** telnetlib.** grpc.**
egress ! : websockets.** websocket.** aiohttp.ClientSession.ws_connect
write egress irreversible : smtplib.SMTP*.send* aiosmtplib.** sendgrid.**.send resend.Emails.send resend.**.send yagmail.**.send
write egress irreversible : mailchimp_*.**.send*
write egress irreversible : postmarker.**.send* mailjet_rest.**.create twilio.**.create vonage.**.send* redmail.**
write egress irreversible : django.core.mail.send_* flask_mail.**.send
write egress irreversible : smtplib.SMTP*.quit.send
nothing : smtplib.** sendgrid.** email.** twilio.**
write egress : imaplib.**.append imaplib.**.copy imaplib.**.create imaplib.**.rename imaplib.**.store imap_tools.**.append
write egress : imap_tools.**.copy imap_tools.**.flag imap_tools.**.move
destructive egress : imaplib.**.delete imaplib.**.expunge imap_tools.**.delete imap_tools.**.expunge poplib.**.dele
nothing : imaplib.IMAP4* imaplib.**.close imaplib.**.login imaplib.**.logout imaplib.**.select imaplib.**.starttls
write egress irreversible : praw.**.reply praw.**.submit*
destructive egress : praw.**.delete
read egress ! : imaplib.** imap_tools.** poplib.** feedparser.** trafilatura.** newspaper.** wikipedia.** wikipediaapi.** arxiv.**
read egress ! : serpapi.**
read egress ! : duckduckgo_search.** ddgs.** tavily.** exa_py.** firecrawl.** googlesearch.** youtube_transcript_api.** yt_dlp.**
read egress ! : pytube.** praw.**
read egress ! : playwright.** selenium.** pyppeteer.** browser_use.** crawl4ai.** scrapy.** mechanize.** requests_html.**
read egress ! : langchain_community.document_loaders.**
read egress ! : langchain_community.tools.**.*run langchain_community.tools.**.*invoke langchain_community.utilities.**.*run
read egress ! : langchain_tavily.**.*invoke langchain_exa.**.*invoke
read egress : yfinance.** alpha_vantage.** pandas_datareader.** geopy.**
sql : sqlite3.**.execute* aiosqlite.**.execute* psycopg2.**.execute* psycopg.**.execute* psycopg_pool.**.execute* asyncpg.**.execute*
sql : asyncpg.**.fetch*
sql : pymysql.**.execute* aiomysql.**.execute* MySQLdb.**.execute* mysql.connector.**.execute* mysql.**.execute* pyodbc.**.execute*
sql : oracledb.**.execute*
sql : duckdb.**.execute duckdb.**.sql duckdb.**.query duckdb.sql duckdb.query duckdb.execute snowflake.**.execute* databases.**.execute*
sql : databases.**.fetch_* clickhouse_connect.**.query* clickhouse_connect.**.command clickhouse_driver.**.execute*
sql : redshift_connector.**.execute*
sql : google.cloud.bigquery.Client.query* google.cloud.spanner.**.execute_* databricks.sql.**.execute* trino.**.execute*
sql : vertica_python.**.execute*
sql : sqlalchemy.text sqlalchemy.sql.text sqlalchemy.sql.expression.text django.db.connection.**.execute* pandas.read_sql*
sql : pandas.read_sql_query
sql : neo4j.**.run neo4j.**.execute_query pymssql.**.execute* peewee.**.execute_sql supabase.**.rpc
nothing : sqlite3.** aiosqlite.** psycopg2.** psycopg.** psycopg_pool.** asyncpg.** pymysql.** aiomysql.** MySQLdb.** mysql.**
nothing : pyodbc.** oracledb.** duckdb.**
nothing : snowflake.connector.** clickhouse_connect.** databricks.sql.** neo4j.**
read : sqlalchemy.select sqlalchemy.future.select sqlalchemy.sql.select sqlmodel.select sqlalchemy.**.query sqlalchemy.**.get
read : sqlalchemy.**.scalars
write : sqlalchemy.insert sqlalchemy.update sqlalchemy.dialects.*.insert sqlalchemy.**.add sqlalchemy.**.add_all sqlalchemy.**.merge
write : sqlalchemy.**.bulk_* sqlmodel.**.add sqlalchemy.**.create_all
destructive : sqlalchemy.delete sqlalchemy.**.drop_all
destructive : sqlalchemy.**.delete sqlmodel.**.delete
sql : sqlalchemy.**.execute sqlalchemy.**.exec_driver_sql sqlmodel.**.exec sqlalchemy.**.scalar
nothing : sqlalchemy.** sqlmodel.**
read : **.objects.get **.objects.filter **.objects.all **.objects.values* **.objects.count **.objects.exclude
write : **.objects.create **.objects.bulk_* **.objects.get_or_create **.objects.update_or_create **.objects.**.update
destructive : **.objects.**.delete
read : pymongo.**.find* pymongo.**.aggregate pymongo.**.count* pymongo.**.distinct motor.**.find motor.**.find_one motor.**.aggregate
read : motor.**.count*
write : pymongo.**.insert* pymongo.**.update* pymongo.**.replace* pymongo.**.create_* pymongo.**.bulk_write motor.**.insert*
write : motor.**.update*
write : motor.**.replace* pymongo.**.find_one_and_update motor.**.find_one_and_update
destructive : pymongo.**.delete* pymongo.**.drop* pymongo.**.find_one_and_delete motor.**.delete* motor.**.drop*
read : redis.**.get redis.**.mget redis.**.hget* redis.**.hgetall redis.**.lrange redis.**.keys redis.**.scan* redis.**.smembers
read : redis.**.exists redis.**.ttl
write : redis.**.set redis.**.setex redis.**.mset redis.**.hset redis.**.hmset redis.**.lpush redis.**.rpush redis.**.sadd
write : redis.**.zadd redis.**.incr*
write : redis.**.expire redis.**.publish redis.**.xadd
destructive : redis.**.delete redis.**.flush* redis.**.hdel redis.**.unlink redis.**.lpop redis.**.rpop redis.**.srem
read : chromadb.**.query chromadb.**.get qdrant_client.**.search qdrant_client.**.query* qdrant_client.**.scroll pinecone.**.query
read : pinecone.**.fetch weaviate.**.query.**
write : chromadb.**.add chromadb.**.upsert qdrant_client.**.upsert pinecone.**.upsert
destructive : chromadb.**.delete* qdrant_client.**.delete* pinecone.**.delete*
read : git.Repo.commit
read : git.**.diff git.**.status git.**.log git.**.show git.**.iter_commits git.**.branch git.**.blame git.**.is_dirty git.**.rev_parse
read egress : git.**.clone_from git.**.fetch git.**.pull git.**.clone
write : git.**.add git.**.commit git.**.create_head git.**.create_tag git.**.checkout git.**.merge git.**.init git.**.stash
write egress : git.**.push
destructive : git.**.reset git.**.clean git.**.delete_head git.**.remove git.**.rebase
nothing : git.**
open : open io.open aiofiles.open codecs.open gzip.open bz2.open pathlib.*Path.**.open anyio.open_file
read : pathlib.*Path.**.read_text pathlib.*Path.**.read_bytes pathlib.*Path.**.iterdir pathlib.*Path.**.glob pathlib.*Path.**.rglob
read : pathlib.*Path.**.walk
read : pathlib.*Path.**.stat os.listdir os.scandir os.walk os.stat os.path.getsize os.path.getmtime glob.glob glob.iglob os.read
read : linecache.** mimetypes.read*
read : pandas.read_* polars.read_* polars.scan_* numpy.load* PIL.Image.open cv2.imread docx.Document openpyxl.load_workbook
read : PyPDF2.PdfReader pypdf.PdfReader
read : pdfplumber.open fitz.open pymupdf.open tomllib.load
write : pathlib.*Path.**.write_text pathlib.*Path.**.write_bytes pathlib.*Path.**.mkdir pathlib.*Path.**.touch pathlib.*Path.**.rename
write : pathlib.*Path.**.replace pathlib.*Path.**.chmod pathlib.*Path.**.symlink_to os.makedirs os.mkdir os.rename os.renames
write : os.replace os.chmod os.chown
write : os.symlink os.link os.truncate os.write shutil.move shutil.copy* shutil.make_archive shutil.unpack_archive
write : zipfile.ZipFile.write*
write : zipfile.ZipFile.extract* tarfile.**.extract* tempfile.NamedTemporaryFile tempfile.mkstemp tempfile.mkdtemp
write : tempfile.TemporaryDirectory cv2.imwrite
write : os.putenv **.to_csv **.to_excel **.to_parquet **.to_sql **.savefig
destructive : os.remove os.unlink os.rmdir os.removedirs shutil.rmtree pathlib.*Path.**.unlink pathlib.*Path.**.rmdir
destructive : send2trash.send2trash os.kill os.killpg
destructive : psutil.Process.kill psutil.Process.terminate psutil.Process.suspend
read : psutil.** platform.** os.cpu_count os.uname shutil.disk_usage shutil.which os.getlogin
aws : boto3.client.* boto3.resource.** boto3.Session.client.* boto3.session.Session.client.* boto3.Session.resource.** aioboto3.**
aws : aiobotocore.**
nothing : boto3.** botocore.**
nothing : googleapiclient.**.execute
write irreversible egress : web3.**.send_transaction web3.**.send_raw_transaction ccxt.**.create_order alpaca.**.submit_order
write irreversible egress : alpaca_trade_api.**.submit_order
read egress : ccxt.**.fetch_* web3.**.get_* web3.**.call
write : pyautogui.** pynput.** pyperclip.copy keyring.set_password
read : keyring.get_password pyperclip.paste mss.** PIL.ImageGrab.**
read ! : ?.page_content
write : ?.write_text ?.write_bytes
read : ?.read_text ?.read_bytes ?.iterdir ?.rglob
destructive : ?.unlink ?.rmtree ?.delete_many ?.delete_one ?.drop_table ?.drop_collection ?.delete_object
write : ?.insert_one ?.insert_many ?.update_one ?.update_many ?.replace_one ?.put_item ?.put_object ?.upload_file ?.upload_fileobj
write : ?.bulk_write
read : ?.find_one ?.get_item ?.get_object ?.fetchall ?.fetchone ?.fetchrow ?.fetchval ?.fetchmany
write egress irreversible : ?.sendmail ?.send_message ?.send_email ?.send_raw_email ?.chat_postMessage ?.send_mail
execute : ?.exec_command ?.run_cell ?.exec_run
sql : ?.execute ?.executemany ?.executescript ?.exec_driver_sql ?.execute_sql
"""

JAVASCRIPT = """
execute : child_process.** execa.** execa zx.** shelljs.exec eval Function vm.** vm2.** isolated-vm.** node-pty.** Bun.spawn* Bun.$
execute : Deno.Command.** Deno.run
execute : new_Function worker_threads.Worker cross-spawn.** cross-spawn ssh2.**.exec ssh2.**.shell node-ssh.**.execCommand
execute : dockerode.**.exec
execute : @e2b/code-interpreter.** e2b.** @daytonaio/sdk.** python-shell.**
http * : fetch globalThis.fetch window.fetch node-fetch node-fetch.default undici.fetch undici.request cross-fetch cross-fetch.fetch
http * : axios axios.request axios.default
http * : axios.create.request https.request http.request got request superagent ky needle ofetch.ofetch ofetch.$fetch axios.create
http GET : axios.get axios.**.get got.get ky.get superagent.get https.get http.get needle.get request.get got.stream phin.**
http HEAD : axios.head axios.**.head got.head ky.head
http POST : axios.post axios.**.post got.post ky.post superagent.post needle.post request.post
http PUT : axios.put axios.**.put got.put ky.put superagent.put request.put
http PATCH : axios.patch axios.**.patch got.patch ky.patch superagent.patch request.patch
http DELETE : axios.delete axios.**.delete got.delete ky.delete superagent.delete superagent.del request.delete request.del
nothing : axios.** got.extend ky.create ky.extend undici.Agent undici.ProxyAgent
egress ! : ws.** WebSocket socket.io-client.** net.connect net.createConnection tls.connect dgram.**
read egress ! : playwright.** playwright-core.** puppeteer.** puppeteer-core.** @playwright/test.** selenium-webdriver.**
read egress ! : @browserbasehq/** rss-parser.**
write egress : imapflow.**.append imapflow.**.mailboxCreate imapflow.**.mailboxRename imapflow.**.messageCopy
write egress : imapflow.**.messageFlags* imapflow.**.messageMove node-imap.**.append node-imap.**.move imap.**.append imap.**.move
destructive egress : imapflow.**.mailboxDelete imapflow.**.messageDelete node-imap.**.expunge imap.**.expunge
read egress ! : @mendable/firecrawl-js.** @tavily/core.** exa-js.** serpapi.** google-it.** imapflow.** node-imap.** imap.**
read egress ! : @mozilla/readability.** youtube-transcript.**
write egress irreversible : nodemailer.**.sendMail @sendgrid/mail.** resend.**.send postmark.**.send* mailgun.js.**.create
write egress irreversible : twilio.**.create
nothing : nodemailer.** resend.** postmark.**
read : fs.read* fs.**.read* fs-extra.read* fs.readdir* fs.stat* fs.lstat* fs.access* fs.exists* fs.createReadStream fs.opendir
read : fs.promises.stat fs.promises.lstat
read : fs.promises.access fs/promises.read* fs/promises.stat fs/promises.lstat fs/promises.access fs/promises.realpath
read : fs/promises.opendir glob.** fast-glob.** globby.**
read : fs-extra.pathExists fs-extra.stat fs/promises.glob Bun.file Deno.read* Deno.stat fast-glob glob globby pdf-parse.** pdf-parse
read : mammoth.** xlsx.read*
write : fs.write* fs.append* fs.mkdir* fs.rename* fs.copyFile* fs.cp* fs.chmod* fs.symlink* fs.link* fs.createWriteStream fs.truncate*
write : fs.promises.write*
write : fs.promises.append* fs.promises.mkdir fs.promises.rename fs.promises.copyFile fs.promises.cp fs/promises.write*
write : fs/promises.append* fs/promises.mkdir*
write : fs/promises.rename fs/promises.copyFile fs/promises.cp fs/promises.chmod fs/promises.symlink fs-extra.write* fs-extra.output*
write : fs-extra.ensure* fs-extra.copy* fs-extra.move*
write : Bun.write Deno.write* Deno.mkdir Deno.rename xlsx.write* mkdirp.** mkdirp
destructive : fs.unlink* fs.rm fs.rmSync fs.rmdir* fs.promises.unlink fs.promises.rm fs.promises.rmdir fs/promises.unlink
destructive : fs/promises.rm fs/promises.rmdir
destructive : fs-extra.remove* fs-extra.empty* rimraf.** rimraf del.** del Deno.remove process.kill trash
open : fs.open fs.openSync fs.promises.open fs/promises.open
sql : pg.**.query mysql2.**.query mysql2.**.execute mysql.**.query better-sqlite3.**.prepare better-sqlite3.**.exec sqlite3.**.run
sql : sqlite3.**.all sqlite3.**.get sqlite3.**.exec
sql : sqlite.**.run sqlite.**.all sqlite.**.get sqlite.**.exec postgres.**.unsafe @neondatabase/serverless.**
sql : @planetscale/database.**.execute @libsql/client.**.execute
sql : mssql.**.query knex.**.raw @prisma/client.**.$queryRaw* @prisma/client.**.$executeRaw* neo4j-driver.**.run drizzle-orm.sql.**
sql : @google-cloud/bigquery.**.query snowflake-sdk.**.execute
read : @prisma/client.**.find* @prisma/client.**.count @prisma/client.**.aggregate @prisma/client.**.groupBy mongodb.**.find*
read : mongodb.**.aggregate mongodb.**.count*
write : @prisma/client.**.create* @prisma/client.**.update* @prisma/client.**.upsert mongodb.**.insert* mongodb.**.update*
write : mongodb.**.replace* mongodb.**.bulkWrite
destructive : @prisma/client.**.delete* mongodb.**.delete* mongodb.**.drop*
read : mongoose.**.find* mongoose.**.count* mongoose.**.aggregate ioredis.**.get ioredis.**.mget ioredis.**.hget* ioredis.**.keys
read : redis.**.get redis.**.keys redis.**.hGet*
write : mongoose.**.create mongoose.**.save mongoose.**.insert* mongoose.**.update* ioredis.**.set* ioredis.**.hset ioredis.**.*push
write : redis.**.set* redis.**.hSet
destructive : mongoose.**.delete* mongoose.**.remove* ioredis.**.del ioredis.**.flush* redis.**.del redis.**.flush*
nothing : pg.** mysql2.** mysql.** better-sqlite3.** sqlite3.** sqlite.** @prisma/client.** mongodb.** mongoose.** ioredis.** redis.**
nothing : knex.** mssql.** neo4j-driver.**
aws : @aws-sdk/*.*Command
nothing : @aws-sdk/**
write irreversible egress : ethers.**.sendTransaction viem.**.sendTransaction viem.**.writeContract @solana/web3.js.**.send*
sql : ?.$queryRaw* ?.$executeRaw*
read : ?.findMany ?.findUnique ?.findFirst ?.findOne
write : ?.insertOne ?.insertMany ?.updateOne ?.updateMany ?.upsert ?.createMany
destructive : ?.deleteOne ?.deleteMany
write egress irreversible : ?.sendMail
"""

SHARED = """
write egress irreversible : stripe.**.Refund.create stripe.**.PaymentIntent.* stripe.**.Charge.* stripe.**.Payout.*
write egress irreversible : stripe.**.Transfer.* stripe.**.refunds.create
write egress irreversible : stripe.**.paymentIntents.create stripe.**.paymentIntents.c* stripe.**.payment_intents.c*
write egress irreversible : stripe.**.charges.c* stripe.**.payouts.c* stripe.**.transfers.c*
write egress irreversible : paypalrestsdk.**.create paypalrestsdk.**.execute paypalrestsdk.**.refund braintree.**.sale
write egress irreversible : braintree.**.refund braintree.**.submit_for_settlement square.**.create_payment
write egress irreversible : adyen.**.payments adyen.**.refunds plaid.**.transfer_create wise.**.create_transfer razorpay.**.refund
write egress irreversible : razorpay.**.create dwolla*.**.post coinbase.**.send*
"""

SDKS = """
stripe braintree paypalrestsdk square adyen plaid razorpay coinbase github githubkit gitlab @octokit/rest octokit @octokit/core
@octokit/graphql @gitbeaker/rest
@gitbeaker/node slack_sdk slack_bolt slack @slack/web-api @slack/bolt discord discord.js telegram telebot telegraf
node-telegram-bot-api tweepy twitter-api-v2
atlassian jira jira.js jira-client notion_client @notionhq/client asana trello @linear/sdk linear clickup airtable pyairtable monday
hubspot @hubspot/api-client simple_salesforce jsforce zendesk zenpy node-zendesk freshdesk intercom servicenow pysnow O365 msgraph
@microsoft/microsoft-graph-client
googleapiclient googleapis google.cloud gspread pygsheets @googleapis/gmail google.oauth2 dropbox @dropbox/sdk boxsdk shopify
shopify_api_py woocommerce
pagerduty pdpyras datadog datadog_api_client @datadog/datadog-api-client sentry_sdk.api opsgenie_sdk newrelic grafana_client
grafana_api cloudflare
kubernetes @kubernetes/client-node azure @azure/storage-blob @azure/cosmos @azure/identity digitalocean pydo hcloud hvac vercel netlify
supabase @supabase/supabase-js
firebase_admin firebase-admin algoliasearch elasticsearch @elastic/elasticsearch opensearchpy meilisearch docker dockerode jenkins
consul confluent_kafka kafka kafkajs
pika amqplib spotipy spotify-web-api-node todoist_api_python @doist/todoist-api-typescript mailchimp_marketing mailchimp_transactional
okta auth0 workos
zoom figma miro docusign docusign_esign quickbooks xero_python ldap3 pyVmomi proxmoxer homeassistant_api minio nylas composio arcadepy
"""

STRANGERS = """
github githubkit gitlab @octokit/rest octokit @octokit/core @octokit/graphql @gitbeaker/rest @gitbeaker/node slack_sdk slack_bolt slack
@slack/web-api @slack/bolt discord discord.js telegram telebot telegraf node-telegram-bot-api tweepy twitter-api-v2 atlassian jira
jira.js jira-client zendesk zenpy node-zendesk freshdesk intercom servicenow pysnow O365 msgraph @microsoft/microsoft-graph-client
googleapiclient googleapis @googleapis/gmail hubspot nylas
"""
"""Services whose content anyone, or any customer, may have written."""

ANSWERING = """
serper.dev serpapi.com searchapi.io tavily.com exa.ai api.search.brave.com api.bing.microsoft.com api.duckduckgo.com you.com kagi.com
linkup.so firecrawl.dev browserless.io jina.ai scrapingbee.com scraperapi.com zenrows.com scrapegraphai.com
spider.cloud context7.com brightdata.com scrapfly.io oxylabs.io dataforseo.com
"""
"""Hosts, their subdomains included, of services that search or fetch the web: a question is posted, an answer of strangers comes back."""

MODELS = """
api.openai.com openai.azure.com api.anthropic.com openrouter.ai api.groq.com api.mistral.ai api.together.xyz api.together.ai
api.cohere.ai api.cohere.com generativelanguage.googleapis.com api.deepseek.com api-inference.huggingface.co router.huggingface.co
api.perplexity.ai api.fireworks.ai api.x.ai api.cerebras.ai api.voyageai.com dashscope.aliyuncs.com
"""
"""Hosts of models: what is posted leaves, and nothing changes there."""

LLM = """
openai anthropic litellm cohere mistralai groq together replicate google.generativeai google.genai vertexai langchain_openai
langchain_anthropic langchain_google_genai
langchain_google_vertexai langchain_groq langchain_aws langchain_mistralai langchain_cohere @anthropic-ai/sdk ai @ai-sdk/openai
@ai-sdk/anthropic @ai-sdk/google
@google/generative-ai @google/genai @langchain/openai @langchain/anthropic @mistralai/mistralai cohere-ai groq-sdk elevenlabs deepgram
assemblyai fal_client
"""

_READ = """get list search find fetch read query describe count head retrieve lookup scan view show check download export select iter
iterate history
info paginate batchget lists stats status exists watch tail inspect browse load peek whoami"""
_WRITE = """create add put post update set insert upsert edit patch upload save write append move copy rename assign comment reply
merge close reopen commit push transition
label enable disable register import sync invite grant attach detach tag untag modify replace subscribe unsubscribe approve reject lock
unlock pin unpin react mark
apply scale restore batchwrite clone fork duplicate configure change schedule book reserve submit store increment provision
allocate archive join leave kick ban"""
_DESTRUCTIVE = (
    "delete remove destroy drop purge terminate revoke wipe truncate clear uninstall erase unlink kill deprovision del flush deregister"
)
_EXECUTE = "run exec execute invoke trigger dispatch deploy eval spawn restart reboot"
_SEND = "send publish notify broadcast email tweet dm sms forward"
_PAY = "refund charge pay payout transfer withdraw capture purchase buy sell"

VERBS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(_READ.split(), frozenset({"read"})),
    **dict.fromkeys(_WRITE.split(), frozenset({"write"})),
    **dict.fromkeys(_DESTRUCTIVE.split(), frozenset({"destructive"})),
    **dict.fromkeys(_EXECUTE.split(), frozenset({"execute"})),
    **dict.fromkeys(_SEND.split(), frozenset({"write", "irreversible"})),
    **dict.fromkeys(_PAY.split(), frozenset({"write", "irreversible"})),
}
"""Verb of an operation → what it does."""

HARMLESS: Mapping[str, str] = {
    "python": """
nothing : json.** re.** math.** cmath.** datetime.** time.** random.** collections.** itertools.** functools.** typing.**
nothing : typing_extensions.** logging.** uuid.**
nothing : hashlib.** hmac.** base64.** binascii.** string.** textwrap.** statistics.** decimal.** fractions.** operator.** copy.**
nothing : enum.** dataclasses.** contextlib.**
nothing : asyncio.** anyio.** concurrent.futures.** threading.** struct.** html.** urllib.parse.** io.** csv.** pprint.** inspect.**
nothing : difflib.** zoneinfo.** calendar.**
nothing : bisect.** heapq.** unicodedata.** warnings.** traceback.** secrets.** abc.** types.** numbers.** os.path.** os.environ.**
nothing : os.getenv os.getcwd os.fspath os.getpid
nothing : pathlib.** tempfile.gettempdir queue.** weakref.** locale.** pytz.** dateutil.** dotenv.** pydantic.** pydantic_settings.**
nothing : attrs.** attr.** numpy.** pandas.**
nothing : polars.** scipy.** sympy.** sklearn.** tabulate.** rich.** structlog.** loguru.** yaml.** tomllib.** markdown.** jinja2.**
nothing : bs4.** lxml.** markdownify.** html2text.**
nothing : tiktoken.** jsonschema.** tenacity.** mcp.types.** mcp.server.** mcp.shared.** fastmcp.FastMCP.** fastmcp.Context.**
nothing : fastmcp.server.** fastmcp.exceptions.** fastmcp.utilities.** langchain_core.** opentelemetry.** platform.system
nothing : platform.machine
nothing : importlib.import_module sys.** gc.** zlib.** gzip.compress
nothing : print len str int float bool list dict set tuple frozenset bytes bytearray range enumerate zip map filter sorted reversed sum
nothing : min max abs round any all isinstance
nothing : issubclass hasattr getattr setattr type repr format iter next id hash chr ord hex oct bin divmod pow slice super object
nothing : property staticmethod classmethod vars
nothing : callable input memoryview complex ascii
nothing : *Error *Exception
""",
    "javascript": """
nothing : JSON.** Math.** Date Date.** Object.** Array.** Number Number.** String String.** Boolean RegExp Promise.** Promise Map Set
nothing : WeakMap URL URLSearchParams Buffer.**
nothing : console.** parseInt parseFloat isNaN encodeURIComponent decodeURIComponent encodeURI decodeURI btoa atob setTimeout
nothing : clearTimeout setInterval crypto.** path.** url.**
nothing : util.** zod.** z.** uuid.** nanoid.** lodash.** date-fns.** dayjs.** dotenv.** cheerio.** turndown.** marked.** Symbol.**
nothing : Intl.** AbortController AbortSignal.** TextEncoder.**
nothing : TextDecoder.** structuredClone Error Headers FormData Blob process.env.** process.cwd process.exit process.on
nothing : @modelcontextprotocol/sdk/** querystring.** assert.** events.**
nothing : os.** performance.** queueMicrotask Reflect.** BigInt *Error
""",
}
"""Calls that do nothing outside the program."""
