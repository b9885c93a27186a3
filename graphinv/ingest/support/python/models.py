"""Models that functions call: what tells a step that runs a model from one that does not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphinv.ingest.support.python.frameworks.langchain import Members, functions_of, give_tools
from graphinv.ingest.support.python.objects import class_attribute
from graphinv.ingest.support.python.program import Actor, Program
from graphinv.ingest.support.python.values import Bound, FunctionV, ListV, Made, Unknown, Value, walk
from graphinv.model.facts import Fact

_MODEL_PACKAGES = (
    "langchain",
    "langchain_openai",
    "langchain_anthropic",
    "langchain_core",
    "langchain_community",
    "langchain_aws",
    "langchain_google_genai",
    "langchain_google_vertexai",
    "langchain_ollama",
    "langchain_groq",
    "langchain_mistralai",
    "langchain_deepseek",
    "langchain_xai",
    "langchain_fireworks",
    "langchain_together",
    "langchain_nvidia_ai_endpoints",
    "langchain_huggingface",
    "langchain_cohere",
    "langchain_litellm",
    "langchain_ibm",
    "langchain_databricks",
    "trustcall",
)
_CLIENTS = ("openai", "anthropic", "litellm", "groq", "google.genai", "google.generativeai", "mistralai", "ollama", "cohere", "together")
_CALLS = frozenset(
    {"invoke", "ainvoke", "stream", "astream", "batch", "abatch", "predict", "apredict", "generate", "agenerate", "__call__"}
)
_CLIENT_CALLS = frozenset({"create", "acreate", "parse", "completion", "acompletion", "generate_content", "chat", "messages", "converse"})
_MODEL_NAME = re.compile(r"(?i)(?:^|_)(?:llm|model|chat|chatbot)(?:$|_|s$)|_chain$|^chain$")
_NOT_MODELS = re.compile(r"(?i)embed|retriev|vector|prompt|loader|splitter|parser|tool|search|wrapper|message")

MAX_PARTS = 500
"""Parts of one pipeline that are looked at."""


def models_in(program: Program, value: Value) -> list[Value]:
    """The models that the functions of ``value`` call: objects, or the unknown things that look like one."""
    found: list[Value] = []
    for option in walk(value):
        if isinstance(option, Made) and is_model(option.root()):
            found.append(option)
        if isinstance(option, Made) and option.cls is not None:
            method = class_attribute(program.ev, option.cls, "__call__", option)
            found.extend(_called(program, method) if isinstance(method, FunctionV) else ())
        for function in functions_of(option):
            found.extend(_called(program, function))
    return found


def _called(program: Program, function: FunctionV) -> Iterator[Value]:
    for value, name in program.called_on(function, _CALLS):
        unknown = isinstance(value, (Unknown, Bound)) and _MODEL_NAME.search(name)
        if unknown or (program.actor(value) is None and _holds_model(value)):
            yield value
    for call in program.calls_in(function):
        if isinstance(call, Made) and (
            (call.symbol in _CLIENT_CALLS and call.within(*_CLIENTS))
            or (call.symbol in {"completion", "acompletion"} and call.within("litellm"))
        ):
            yield call


def _holds_model(value: Value) -> bool:
    return any(is_model(part) or (isinstance(part, Made) and is_model(part.root())) for part in parts_of(value))


def parts_of(value: Value) -> Iterator[Value]:
    """What a pipeline runs: ``prompt | model``, or a sequence of runnables."""
    stack = [value]
    for _ in range(MAX_PARTS):
        if not stack:
            return
        one = stack.pop()
        root = one.root() if isinstance(one, Made) else one  # ``(prompt | model).with_config(…)``
        if isinstance(root, ListV):
            stack.extend(root.items)
        elif isinstance(one, Bound):
            stack.append(one.receiver)
        elif isinstance(root, Made) and root.symbol == "RunnableSequence":
            stack.extend(option for place in range(len(root.call.args)) for option in walk(root.passed("", place)))
        else:
            yield one


def is_model(value: Value) -> bool:
    """Whether an object is a model, or a chain around one, of a library that is known."""
    if not isinstance(value, Made) or _NOT_MODELS.search(value.symbol):
        return False
    if value.callee.rpartition(".")[2] in {"init_chat_model", "load_chat_model"}:
        return True
    known = value.within(*_MODEL_PACKAGES, *_CLIENTS) or value.callee.startswith("langchain_")
    return known and bool(re.search(r"(?i)chat|llm|openai|anthropic|bedrock|ollama|gemini|vertexai|model|chain|extractor", value.symbol))


def uses_bound(program: Program, actor: Actor, model: Value, members: Members) -> Iterator[Fact]:
    """Tools that are bound to a model on the way to where it is called, and the model."""
    for part in parts_of(model):
        one: Value | None = part
        while isinstance(one, (Made, Bound)):
            if isinstance(one, Made) and one.symbol == "bind_tools":
                yield from give_tools(program, actor, one.arg("tools", 0), members)
            if isinstance(one, Made) and one.receiver is None and is_model(one):
                yield from program.uses_model(actor, one)
            one = one.receiver
