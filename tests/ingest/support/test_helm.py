"""Templates of Helm charts: the language, what a chart comes to in the graph, and charts that mean harm."""

from __future__ import annotations

import time
from typing import Any

import pytest

from graphinv.ingest import kubernetes
from graphinv.ingest.support.helm.evaluate import Budget, Engine
from graphinv.ingest.support.helm.parsing import Block, TemplateError, parse
from graphinv.model.facts import Grant
from tests.ingest.linked import linked
from tests.ingest.reading import Facts, fake, fingerprint

DATA: dict[str, Any] = {
    "Values": {
        "name": "desk",
        "none": None,
        "on": True,
        "count": 3,
        "ratio": 0.5,
        "list": ["a", "b"],
        "items": [{"n": "x"}, {"n": "y"}],
        "labels": {"team": "pay", "app": "bot"},
        "deep": {"inner": {"leaf": "v"}},
        "template": "{{ .Values.name }}!",
    },
    "Release": {"Name": "rel"},
}


def fill(text: str, **more: Any) -> str:
    nodes = parse(text)
    defined = {one.name: one.body for one in nodes if isinstance(one, Block) and one.word == "define"}
    return Engine(defined, Budget()).fill(nodes, {**DATA, **more})[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a {{ .Values.name }} b", "a desk b"),
        ("a  {{- .Values.name -}}  b", "adeskb"),
        ("a\n{{- /* left out */ -}}\nb", "ab"),
        ("{{ .Values.count }} {{ .Values.ratio }} {{ .Values.on }} {{ .Values.missing }}", "3 0.5 true "),
        ("{{ if .Values.on }}yes{{ else }}no{{ end }}", "yes"),
        ("{{ if not .Values.on }}a{{ else if eq .Values.count 3 }}b{{ else }}c{{ end }}", "b"),
        ("{{ if and .Values.on (or .Values.none .Values.name) }}yes{{ end }}", "yes"),
        ("{{ with .Values.deep }}{{ .inner.leaf }}{{ $.Values.name }}{{ else }}-{{ end }}", "vdesk"),
        ("{{ with .Values.none }}a{{ else }}-{{ end }}", "-"),
        ("{{ range .Values.list }}[{{ . }}]{{ end }}", "[a][b]"),
        ("{{ range $i, $one := .Values.items }}{{ $i }}={{ $one.n }};{{ end }}", "0=x;1=y;"),
        ("{{ range $k, $v := .Values.labels }}{{ $k }}={{ $v }};{{ end }}", "app=bot;team=pay;"),
        ("{{ range .Values.none }}a{{ else }}none{{ end }}", "none"),
        ('{{ range .Values.list }}{{ if eq . "b" }}{{ break }}{{ end }}{{ . }}{{ end }}', "a"),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"),
        ("{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ end }}{{ $x }}", "1"),
        ('{{ define "n" }}{{ . | upper }}{{ end }}{{ include "n" .Values.name }} {{ template "n" "x" }}', "DESK X"),
        ("{{ tpl .Values.template . }}", "desk!"),
        ("{{ (index .Values.items 1).n }} {{ ((.Values.none).a).b }}", "y "),
        ('{{ default "d" .Values.none }} {{ .Values.name | default "d" | quote }}', 'd "desk"'),
        ('{{ printf "%s-%d-%q" .Release.Name 2 "z" }}', 'rel-2-"z"'),
        ("{{ .Values.labels | toYaml | nindent 2 }}", "\n  app: bot\n  team: pay"),
        ('{{ dict "a" 1 "b" (list 1 2) | toJson }}', '{"a":1,"b":[1,2]}'),
        ('{{ .Release.Name | trunc 2 | trimSuffix "e" }}', "r"),
        ('{{ ternary "a" "b" .Values.on }} {{ coalesce .Values.none "c" }} {{ hasKey .Values "name" }}', "a c true"),
        ('{{ "`" }} {{ `{{ raw }}` }} {{ "a}}b" }}', "` {{ raw }} a}}b"),
        ('{{ regexReplaceAll "[^a-z]+" "a1b2" "-" }} {{ "x" | b64enc | b64dec }}', "a-b- x"),
        ("{{ list 1 2 | toJson | }}", "[1,2]"),
        ("{{ with.Values.deep }}{{ .inner.leaf }}{{ end }}{{if(.Values.on)}}yes{{end}}", "vyes"),
        ('{{ mustAppend .Values.list "c" | mustToJson }} {{ .Values.list | mustFirst }}', '["a","b","c"] a'),
        ('{{ semverCompare ">=1.19-0" "v1.31.0" }} {{ semverCompare "<1.21-0 || >= 2" "v1.31.0" }}', "true false"),
        (
            '{{ semverCompare ">=1.20, <2.0" "1.31" }} {{ semverCompare "^1.20" "2.1.0" }} {{ semverCompare "~1.31" "1.31.4" }}',
            "true false true",
        ),
        ('{{ pluck "n" (index .Values.items 0) (index .Values.items 1) | join "," }} {{ regexFindAll "[a-z]" "a1b" -1 }}', "x,y [a b]"),
    ],
)
def test_the_language(text: str, expected: str) -> None:
    assert fill(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{{ if .a }}", "line 1: if without an end"),
        ("a\n{{ end }}", "line 2: end without a beginning"),
        ("{{ .Values.name", "line 1: braces that do not close"),
        ('{{ include "other" . }}', "the template other is not among its files"),
        ('{{ required "say which" .Values.none }}', "it asks for more: say which"),
        ("{{ .Values.none.a }}", "a is asked of what is not set"),
        ("{{ made_up 1 }}", "the function made_up is not known"),
        ('{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}', "its templates call each other without end"),
        ("{{ until 99999999 }}", "it counts too far"),
        ('{{ regexMatch "(a+)+$" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaab" }}', "a pattern in it is not followed"),
        (f'{{{{ regexMatch "{"a?" * 30}{"a" * 30}" "{"a" * 30}" }}}}', "a pattern in it is not followed"),
        (f'{{{{ regexMatch "{"(a|aa)" * 30}b" "{"a" * 60}" }}}}', "a pattern in it is not followed"),
        ("{{ if true }}" * 100, "it is nested too deep"),
        ("{{ " + "(" * 200 + "1" + ")" * 200 + " }}", "line 1: nested too deep"),
    ],
)
def test_what_cannot_be_filled_in_says_why(text: str, why: str) -> None:
    with pytest.raises(TemplateError, match="^" + why.replace("(", r"\(").replace("+", r"\+")):
        fill(text)


def test_lines_of_the_template_are_kept() -> None:
    text = "a: 1\n{{- if .Values.on }}\nb: 2\n{{- end }}\n{{- range .Values.list }}\n- {{ . }}\n{{- end }}\nc: 3\n"
    made, lines = Engine({}, Budget()).fill(parse(text), DATA)
    assert list(zip(made.split("\n"), lines, strict=True)) == [("a: 1", 1), ("b: 2", 3), ("- a", 6), ("- b", 6), ("c: 3", 8), ("", 9)]


def test_templates_take_no_more_than_is_given_them() -> None:
    loops = "{{ range until 9999 }}" * 4 + "x" + "{{ end }}" * 4
    patterns = '{{ range until 9999 }}{{ regexMatch "a*a*a*b" "' + "a" * 110 + '" }}{{ end }}'
    for text in (loops, patterns, '{{ $x := "a" }}{{ range until 9999 }}{{ $x = print $x $x }}{{ end }}'):
        began = time.process_time()
        with pytest.raises(TemplateError):
            fill(text)
        assert time.process_time() - began < 10


def test_simple_patterns_are_followed_often() -> None:
    made = fill('{{ range until 9999 }}{{ regexReplaceAll "[^a-z0-9]+" "some-name-of-24-letters" "-" | trunc 1 }}{{ end }}')
    assert made == "s" * 9999


# --------------------------------------------------------------------------------------------------------------------------------
# Charts

HELPERS = """{{- define "desk.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name }}{{ end }}
{{- end }}
{{- define "desk.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
{{- end }}
"""
ACCOUNT = """{{- if .Values.serviceAccount.create }}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "desk.fullname" . }}
  labels: {{- include "desk.labels" . | nindent 4 }}
  {{- with .Values.serviceAccount.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
"""
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "desk.fullname" . }}
spec:
  template:
    spec:
      serviceAccountName: {{ include "desk.fullname" . }}
      containers:
        - name: agent
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          env:
            - name: OPENAI_API_KEY
              valueFrom:
                secretKeyRef: {name: {{ .Values.secret }}, key: key}
"""
AGENT = """{{- range $name, $agent := .Values.agents }}
---
apiVersion: kagent.dev/v1alpha2
kind: Agent
metadata:
  name: {{ $name }}
spec:
  description: {{ $agent.about | quote }}
  type: Declarative
  declarative:
    modelConfig: default
    tools:
      - type: McpServer
        mcpServer: {kind: RemoteMCPServer, name: tools, toolNames: {{ $agent.tools | toJson }}}
{{- end }}
"""
VALUES = """image: {repository: ghcr.io/acme/desk, tag: ""}
secret: desk-key
serviceAccount:
  create: true
  annotations: {eks.amazonaws.com/role-arn: "arn:aws:iam::123456789012:role/desk"}
agents:
  helper: {about: Helps, tools: [k8s_get]}
  fixer: {about: Mends, tools: [k8s_apply, k8s_delete]}
"""
CHART = {
    "deploy/Chart.yaml": "apiVersion: v2\nname: desk\nversion: 1.0.0\nappVersion: '2.1'\n",
    "deploy/values.yaml": VALUES,
    "deploy/templates/_helpers.tpl": HELPERS,
    "deploy/templates/account.yaml": ACCOUNT,
    "deploy/templates/deployment.yaml": DEPLOYMENT,
    "deploy/templates/agents.yaml": AGENT,
}


def ids(facts: Facts, kind: str) -> set[str]:
    return {name for one, name in facts.nodes if one == kind}


def test_a_chart_is_in_the_graph_as_its_values_fill_it_in() -> None:
    facts = linked(kubernetes, CHART)
    assert ("k8s:shop/default/ServiceAccount/desk", "arn:aws:iam::123456789012:role/desk") in facts.drawn("ASSUMES")
    assert ("k8s:shop/default/Deployment/desk", "k8s:shop/default/ServiceAccount/desk") in facts.drawn("RUNS_AS")
    assert "image=ghcr.io/acme/desk:2.1" in facts.nodes["Runtime", "k8s:shop/default/Deployment/desk"]["labels"]
    assert ids(facts, "Agent") == {"k8s:shop/default/Agent/helper", "k8s:shop/default/Agent/fixer"}
    fixer = next(one for one in facts.edges if one.kind == "CONNECTS_TO" and one.source[1] == "k8s:shop/default/Agent/fixer")  # type: ignore[index]
    assert fixer.props["tools"] == ["k8s_apply", "k8s_delete"]
    assert facts.nodes["Agent", "k8s:shop/default/Agent/fixer"]["sources"] == ["shop/deploy/templates/agents.yaml#L4"]
    assert not [message for *_, message in facts.problems if "not read" in message]


def test_what_values_switch_off_is_not_there() -> None:
    off = {**CHART, "deploy/values.yaml": VALUES.replace("create: true", "create: false").replace("agents:", "others:")}
    facts = linked(kubernetes, off)
    assert ids(facts, "Agent") == set()
    assert ("k8s:shop/default/ServiceAccount/desk", "arn:aws:iam::123456789012:role/desk") not in facts.drawn("ASSUMES")
    assert not [message for *_, message in facts.problems if "not read" in message]


def test_charts_inside_a_chart_have_its_values_and_definitions() -> None:
    role = (
        'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: {{ include "desk.fullname" . }}-{{ .Values.who }}}\n'
    )
    role += "rules: [{apiGroups: [''], resources: [secrets], verbs: {{ .Values.verbs | toJson }}}]\n"
    dependencies = "dependencies:\n- {name: reader}\n- {name: writer, condition: writer.enabled}\n- {name: reader, alias: second}\n"
    files = {
        "deploy/Chart.yaml": CHART["deploy/Chart.yaml"] + dependencies,
        "deploy/values.yaml": "global: {x: 1}\nreader: {who: b}\nsecond: {who: c, verbs: [list]}\nwriter: {enabled: false}\n",
        "deploy/templates/_helpers.tpl": HELPERS,
        **{f"deploy/charts/{name}/Chart.yaml": f"apiVersion: v2\nname: {name}\n" for name in ("reader", "writer")},
        **{f"deploy/charts/{name}/templates/role.yaml": role for name in ("reader", "writer")},
        **{f"deploy/charts/{name}/values.yaml": "who: a\nverbs: [get]\n" for name in ("reader", "writer")},
    }
    facts = linked(kubernetes, files)
    rules = {one.subject[1]: one.body for one in facts.all if isinstance(one, Grant) and one.role == "rules"}
    assert {name.rpartition("/")[2] for name in rules} == {"desk-reader-b", "desk-reader-c"}
    assert '"get"' in next(body for name, body in rules.items() if name.endswith("-b"))
    assert '"list"' in next(body for name, body in rules.items() if name.endswith("-c"))
    assert facts.problems == []


def test_credentials_of_values_and_templates_go_no_further() -> None:
    token, word = fake("helm", "gh" + "p_"), fake("word", length=20)
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  token: {{ .Values.token | quote }}\n  password: PLACED\n"
    files = {
        "deploy/Chart.yaml": CHART["deploy/Chart.yaml"],
        "deploy/values.yaml": f"token: {token}\nadminPassword: {word}\n",
        "deploy/templates/secret.yaml": secret.replace("PLACED", word),
        "deploy/templates/pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Values.adminPassword }}}\n",
    }
    facts = linked(kubernetes, files)
    for value in (token, word):
        assert value not in repr(facts.all)
        assert fingerprint(value) not in repr(facts.all)


@pytest.mark.parametrize(
    "file",
    [
        {"deploy/values.yaml": "- a\n- b\n"},
        {"deploy/values.yaml": "a: [\n"},
        {"deploy/Chart.yaml": "apiVersion: v2\nname: [1]\ndependencies: {a: 1}\n", "deploy/values.yaml": "x: 1\n"},
        {"deploy/Chart.yaml": "apiVersion: v2\nname: desk\ndependencies: [7, {name: [], repository: 'file://../../../../etc'}]\n"},
        {"deploy/templates/_helpers.tpl": "{{ define }}"},
        {"deploy/templates/x.yaml": '{{ fail "no" }}'},
        {"deploy/templates/x.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {{ .Values }}\n"},
        {"deploy/templates/x.yaml": "{{ range .Values }}{{ . }}{{ end }}a: [\n"},
    ],
)
def test_a_chart_of_any_form_is_read_or_told(file: dict[str, str]) -> None:
    facts = linked(kubernetes, {**CHART, **file})
    assert all(severity in ("warning", "error", "note") for _, severity, _ in facts.problems)
