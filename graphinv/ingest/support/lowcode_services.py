"""What connectors of low-code platforms do, by the name of the service and of the operation.

Platforms name the same services alike (``n8n-nodes-base.gmailTool``, ``gmail``, ``langgenius/gmail/gmail``, ``GmailComponent``), so that
one table serves all. A connector that no table knows has unknown effects, which is not the same as none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from graphinv.ingest.support.effects import http_action, split_words, sql_action, verb_effects

MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Service:
    """``sort`` is one of ``_SORTS``; ``default`` the operation of a connector that names none."""

    name: str
    sort: str
    default: str = ""

    @property
    def resource(self) -> str:
        """Type of the resource that it acts on; empty where there is none."""
        return _SORTS[self.sort].resource

    @property
    def strangers(self) -> bool:
        """Whether strangers write what it reads."""
        return _SORTS[self.sort].strangers

    @property
    def outside(self) -> bool:
        """Whether another organisation runs it."""
        return _SORTS[self.sort].outside


@dataclass(frozen=True, slots=True)
class Does:
    """What one connector does; ``effects`` None = unknown, empty = nothing outside the flow."""

    effects: frozenset[str] | None = None
    untrusted: bool = False
    service: Service | None = None


@dataclass(frozen=True, slots=True)
class _Sort:
    """``resource``: type of what it acts on. ``outside``: another organisation runs it. ``strangers``: they wrote what it reads."""

    resource: str = ""
    outside: bool = False
    strangers: bool = False


_SORTS: Mapping[str, _Sort] = {
    "nothing": _Sort(),
    "execute": _Sort(),
    "http": _Sort(outside=True, strangers=True),
    "search": _Sort(outside=True, strangers=True),
    "model": _Sort(outside=True),
    "sql": _Sort("database"),
    "database": _Sort("database"),
    "vector": _Sort("vector_store"),
    "local": _Sort("file_system"),
    "mail": _Sort("mailbox", outside=True, strangers=True),
    "chat": _Sort("messages", outside=True, strangers=True),
    "post": _Sort("social_account", outside=True, strangers=True),
    "table": _Sort("spreadsheet", outside=True),
    "files": _Sort("file_storage", outside=True),
    "pages": _Sort("documents", outside=True),
    "calendar": _Sort("calendar", outside=True, strangers=True),
    "tickets": _Sort("tickets", outside=True, strangers=True),
    "code": _Sort("repository", outside=True, strangers=True),
    "crm": _Sort("crm", outside=True),
    "forms": _Sort("form_answers", outside=True, strangers=True),
    "people": _Sort("personnel_records", outside=True),
    "money": _Sort("payments", outside=True),
    "shop": _Sort("shop", outside=True),
    "cloud": _Sort("cloud_account", outside=True),
    "events": _Sort("queue"),
    "data": _Sort("business_data", outside=True),
}

_TABLE = """
nothing: pdfprocess exceltools mermaidconverter calculator calculate think datetime currentdatetime currentdate currenttime time date
nothing: timezone crypto uuid regex jsonoperations maths math chainofthought sequentialthinking dictionary quickchart echarts chart antv
nothing: mermaid markdown mdexporter ffmpeg
execute: code function functionitem executecommand ssh python pythonrepl pythonfunction pythoninterpreter pythoncode customfunction
execute: customcomponent codeinterpreter codeinterpretere2b e2b shell bash terminal sandbox riza javascript lambda awslambda customtool
execute: pythoncodestructured computer computeruse codeexecutor docker
http GET: getapichain httprequest http apirequest requestsget webhook api makecom customapi
http ANY: graphql requests openapi openapitoolkit openapichain
http POST: postapichain requestspost make zapier ifttt pipedream
http PUT: requestsput
http DELETE: requestsdelete
search search: serpapi serper serp tavily tavilysearch tavilyextract tavilyai brave bravesearch bravesearchapi exa exasearch exaanswer
search search: googlecustomsearch googlesearch google googleserper googleserperapi googlesearchapi bing bingsearch bingsearchapi
search search: duckduckgo duckduckgosearch ddgo searxng searx searchapi search websearch unifiedwebsearch webbrowser browser url
search search: urlcontent webscraper scraper scrapegraph scrapegraphscraper firecrawl firecrawlscrape firecrawlcrawl firecrawlmap
search search: firecrawlextract apify apifyactors agentql agentqlquery jina jinareader spider wikipedia wikipediaapi arxiv arxivapi
search search: wolframalpha wolframalphaapi hackernews hackernewsapi rss rssfeedread rssreader newssearch googlenews news gnews youtube
search search: youtubetranscript youtubetranscripts youtubesearch youtubecomments pubmed weather openweathermap openweather yahoofinance
search search: yfinance stockmarket airbnb maps googlemaps gaode amap googletrends perplexity perplexitysearch perplexityai puppeteer
search search: playwright browserless browserbase websearchpreview webfetch crawl crawler crawl4ai readwebpage metaso websearchtool
search search: zapiernla humanticai oxylabs brightdata phantombuster
model: edgetts pdf2markdown text2video image2video image2image text2speech texttospeech generateimage openai anthropic googlegemini
model: mistralai mistralcloud groq cohere huggingface stability stabilityai replicate elevenlabs whisper dalle dalle3 flux siliconflow
model: stablediffusion comfyui tts asr audio imagegeneration text2image azureopenai perplexityapi googlecloudnaturallanguage
model: googleperspective deepl googletranslate awscomprehend awstextract awstranscribe awsrekognition bannerbear mineru llamaparse fal
model: bizyair ocr aibuilder
sql executeQuery: sqldatabasechain postgres postgresql mysql mariadb microsoftsql mssql sqldatabase sqlexecute snowflake cratedb questdb
sql executeQuery: timescaledb oracledb sqlite sql googlebigquery bigquery databricks database clickhouse redshift sqlexecutor text2sql
sql executeQuery: rookietext2data astradbcql
database find: mongodb elasticsearch couchbase dynamodb awsdynamodb neo4j arangodb googlefirebasecloudfirestore cassandra cosmosdb
database create: supabase nocodb datatable googlefirebaserealtimedatabase
database get: redis baserow seatable stackby
vector query: vectorstorepinecone vectorstoreqdrant vectorstoresupabase vectorstoreinmemory vectorstorepgvector vectorstoremilvus
vector query: vectorstoreweaviate vectorstorezep vectorstorechroma vectorstoremongodbatlas vectorstoreredis vectorstoreazureaisearch
vector query: pinecone qdrant chroma weaviate milvus pgvector astradb faiss upstash upstashvector retriever vectorstore knowledge
vector query: knowledgebase knowledgeretrieval zep toolvectorstore opensearch vectara elastic mongodbatlas azureaisearch documentstore
vector query: documentstorevs vespa singlestore typesense localdb
local read: readwritefile readbinaryfile readbinaryfiles readpdf localfiletrigger readfile file directory read filesystem
local write: writebinaryfile writefile savefile write
mail send: mail gmail microsoftoutlook outlook emailsend sendemail email smtp awsses sendgrid mailgun mailjet mandrill brevo sendinblue
mail send: postmark resend sendmail
mail read: emailreadimap imap gmailloader
chat send: slack telegram discord whatsapp microsoftteams teams mattermost rocketchat matrix twilio messagebird vonage signal line wecom
chat send: feishu lark dingtalk googlechat intercom plivo zulip ciscowebex gotify pushover pushbullet sms wechat dingtalkbot
post create: twitter x linkedin facebookgraphapi facebook instagram reddit medium wordpress ghost webflow tiktok bluesky mastodon
post create: discourse strapi contentful
table read: googlesheets airtable microsoftexcel excel smartsheet grist coda spreadsheet
files upload: googledrive dropbox box microsoftonedrive onedrive microsoftsharepoint sharepoint s3 awss3 googlecloudstorage ftp sftp
files upload: nextcloud azurestorage
files get: googledriveloader
pages get: googledocs notion confluence googleslides obsidian cloudflare cockpit onenote word
calendar create: googlecalendar microsoftcalendar calendly cal zoom googlemeet microsoftoutlookcalendar fireflies
tickets create: jira linear zendesk freshdesk freshservice servicenow asana trello todoist clickup mondaycom taiga helpscout pagerduty
tickets create: opsgenie tasks googletasks planner todo
code create: github gitlab gitea bitbucket git azuredevops
crm create: hubspot salesforce pipedrive zohocrm activecampaign copper affinity keap highlevel lemlist mailchimp mautic apollo
crm create: convertkit customerio odoo erpnext dataverse
forms get: typeform googleforms microsoftforms surveymonkey jotform form wufoo
people get: bamboohr workday personio office365users
money create: pay stripe paypal square chargebee wise quickbooks xero braintree paddle plaid coinbase
shop get: shopify woocommerce magento2 dhl
cloud get: aws awsbedrock kubernetes googlecloud azure cloudflareapi n8n jenkins circleci netlify vercel terraform rundeck awsiam
cloud get: awscognito microsoftentra keyvault arm azureautomation azurevm
events publish: kafka rabbitmq mqtt awssns awssqs amqp nats googlepubsub servicebus azurequeues eventhubs eventgrid
data get: googleanalytics googleads metabase posthog mixpanel segment grafana splunk youtubeanalytics strava spotify oura googlecontacts
data get: microsoftgraph composio
"""

_VERBS_TABLE = """
read: get getall getmany read list search select find lookup download query retrieve fetch aggregate info load browse count check
write: append add insert update upsert create set push put upload share move copy mark invite assign rename tag label import save
write: patch increment incr edit complete archive unarchive star react pin enable disable publish join
write irreversible: send sendandwait reply post forward email call pay charge
destructive: delete remove clear trash drop truncate purge refund cancel
execute: execute run command script invoke
"""

_VERBS: Mapping[str, frozenset[str]] = {
    verb: frozenset(effects.split())
    for effects, _, verbs in (line.partition(":") for line in _VERBS_TABLE.strip().splitlines())
    for verb in verbs.split()
}

_SERVICES: dict[str, Service] = {}
for _line in _TABLE.strip().splitlines():
    _head, _, _names = _line.partition(":")
    _sort, _, _default = _head.partition(" ")
    for _name in _names.split():
        _SERVICES.setdefault(_name.lower(), Service(_name.lower(), _sort, _default))

# Connectors leave out what is preset: what the table says of the sort as a whole is not the preset of each, nor of each of its resources.
_PRESET: Mapping[str, str] = {
    "googledocs": "create",
    "notion": "append",
    "notion/database": "get",
    "notion/databasepage": "create",
    "notion/user": "get",
    "telegram/file": "get",
    "telegram/chat": "get",
    "googledrive/filefolder": "search",
    "gmail/label": "getAll",
    "gmail/thread": "getAll",
    "gmail/draft": "create",
    "airtable/base": "getMany",
    "slack/user": "get",
    "slack/channel": "create",
    "youtube": "getAll",
    "strapi": "get",
    "erpnext": "get",
    "woocommerce": "get",
    "jira/issueattachment": "add",
}
_ENDINGS = ("hitltool", "tool", "trigger", "component", "toolkit", "mcp", "api", "wrapper", "core", "loader", "bot")


@lru_cache(maxsize=4096)
def service_of(name: str) -> Service | None:
    """The service behind a connector's type, provider or component name; None where no table knows it.

    >>> service_of("n8n-nodes-base.gmailTool").sort, service_of("langgenius/tavily/tavily").sort, service_of("acme.frobnicate")
    ('mail', 'search', None)
    """
    last = re.split(r"[./]", name[:MAX_NAME].rstrip("./"))[-1]
    found = _service(last)
    if found is None and "/" in name and "mcp" not in last.lower():  # a plugin of a marketplace, by its author and what it is for
        found = next(filter(None, map(_service, reversed(re.findall("[A-Za-z]+", last)))), None)
    return found


def _service(last: str) -> Service | None:
    plain = re.sub("[^a-z0-9]", "", last.lower())
    for _ in range(4):
        known = _SERVICES.get(plain) or _SERVICES.get(plain.removeprefix("tool"))
        if known is not None:
            return known
        if plain.endswith("search"):
            return Service(plain, "search", "search")
        ending = next((ending for ending in _ENDINGS if plain.endswith(ending) and len(plain) > len(ending)), None)
        if ending is None:
            return None
        plain = plain.removesuffix(ending)
    return None


_BY_SORT: Mapping[str, tuple[str, bool]] = {
    "nothing": ("", False),
    "execute": ("execute", False),
    "model": ("egress", False),
    "search": ("read egress", True),
}
"""What the operation does not change: effects, and whether the result is content of strangers."""


def does(
    name: str,
    operation: str | None = None,
    *,
    resource: str = "",
    query: str | None = None,
    method: str | None = None,
    host: str | None = None,
) -> Does:
    """What a connector does.

    Args:
        resource: what of the service the operation is for, where the document names it.
        name: its type, provider or component name.
        operation: the operation it is set to; None where the document names none and the platform's preset holds, ``""`` where any may
            be asked for.
        query: the text of an SQL statement.
        method: the HTTP method, for connectors that send requests.
        host: the constant host that requests go to.
    """
    service = service_of(name)
    if service is None:
        return Does()
    if service.sort in _BY_SORT:
        effects, untrusted = _BY_SORT[service.sort]
        return Does(frozenset(effects.split()), untrusted, service)
    if service.sort == "http":
        verb = method or service.default
        action = http_action(None if verb == "ANY" else verb, host)
        return Does(action.effects | {"read"}, action.untrusted or host is None, service)
    if operation is None:
        operation = _PRESET.get(f"{service.name}/{resource.lower()}") or _PRESET.get(service.name, service.default)
    found = _by_operation(service, operation, query)
    if found is None:
        return Does(service=service)
    if service.outside or service.sort == "events":
        found = found | {"egress"}
    return Does(found, service.strangers and "read" in found, service)


def _by_operation(service: Service, stated: str, query: str | None) -> frozenset[str] | None:
    if not stated:
        return None
    if service.sort == "sql" and {"execute", "query", "sql", "run"}.intersection(split_words(stated)):
        return sql_effects(query or "{")
    effects = _VERBS.get(stated.lower()) or _first_verb(stated) or verb_effects(stated) or None
    if effects and service.sort == "money" and "write" in effects:
        return effects | {"irreversible"}
    return effects


def _first_verb(operation: str) -> frozenset[str] | None:
    """By the first word of an operation such as ``appendOrUpdate`` or ``sendPhoto``."""
    match = re.match(r"[A-Z]?[a-z]+", operation)
    return _VERBS.get(match[0].lower()) if match else None


def sql_effects(query: str) -> frozenset[str]:
    """Effects of an SQL statement; one whose beginning is only known at run time can do anything.

    >>> sorted(sql_effects("select 1")), sorted(sql_effects("={{ $json.sql }}"))
    (['read'], ['destructive', 'read', 'write'])
    """
    text = query.lstrip("= \n\t")
    action = None if text.startswith(("{", "$")) else sql_action(text)
    return action.effects if action is not None else frozenset({"read", "write", "destructive"})


def united(parts: Iterable[Does]) -> Does:
    """What several operations of one connector do together; unknown where one of them is."""
    effects: frozenset[str] | None = frozenset()
    untrusted = False
    service: Service | None = None
    for part in parts:
        effects = None if effects is None or part.effects is None else effects | part.effects
        untrusted = untrusted or part.untrusted
        service = service or part.service
    return Does(effects, untrusted, service)
