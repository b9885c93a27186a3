"""Profiles of the AWS CLI: keys, and the roles that are assumed with them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.ingest import aws_profiles
from graphinv.model.errors import IngestError
from tests.ingest.reading import Facts, document, fake, fingerprint

KEY_ID, OTHER_ID, SESSION_ID = "AKIA" + "QNZGKIQY56JQ7WML", "AKIA" + "QNZGKIQY56JQ7WMM", "ASIA" + "QNZGKIQY56JQ7WML"
KEY, OTHER, SESSION, TOKEN = fake("k", length=40), fake("o", length=40), fake("s", length=40), fake("t", length=300)
ROLE = "arn:aws:iam::111122223333:role/deploy"
CREDENTIALS = f"""\
# mine
[default]
aws_access_key_id = {KEY_ID}
aws_secret_access_key={KEY}   # of ana

[prod]
aws_access_key_id={OTHER_ID}
aws_secret_access_key={OTHER}
[tmp]
aws_access_key_id = {SESSION_ID}
aws_secret_access_key = {SESSION}
aws_session_token = {TOKEN}
"""
CONFIG = f"""\
[default]
region = eu-west-1
[profile deploy]
role_arn = {ROLE}
source_profile = prod
s3 =
    max_concurrent_requests = 20
[sso-session acme]
sso_start_url = https://acme.awsapps.com/start
[profile chained]
role_arn = arn:aws:iam::444455556666:role/audit
source_profile = deploy
"""
HOME = "home:shop/ana"


def read(text: str, path: str = "ana/.aws/credentials") -> Facts:
    made = document(text, path)
    assert aws_profiles.detect(made.path, made.data)
    return Facts(aws_profiles, made)


def secret(value: str) -> str:
    return f"secret:{fingerprint(value)}"


def test_the_machine_holds_the_keys_of_its_profiles() -> None:
    facts = read(CREDENTIALS)
    ids = {f"aws-access-key:{one}" for one in (KEY_ID, OTHER_ID, SESSION_ID)}
    assert facts.drawn("HOLDS") == {(HOME, one) for one in {*ids, *map(secret, (KEY, OTHER, SESSION, TOKEN))}}
    assert {edge.props["place"] for edge in facts.edges if edge.kind == "HOLDS"} == {"laptop"}
    pairs = ((KEY, KEY_ID), (OTHER, OTHER_ID), (SESSION, SESSION_ID), (TOKEN, SESSION_ID))
    assert facts.drawn("AUTHENTICATES_AS") == {(secret(value), f"aws-access-key-user:{id}") for value, id in pairs}
    lives = {one: facts.nodes["Secret", secret(one)]["lifetime"] for one in (KEY, SESSION, TOKEN)}
    assert lives == {KEY: "static", SESSION: "ephemeral", TOKEN: "ephemeral"}


def test_a_profile_assumes_its_role_as_another() -> None:
    facts = read(CONFIG, "ana/.aws/config")
    audit = "arn:aws:iam::444455556666:role/audit"
    assert facts.drawn("ASSUMES") == {("aws-profile:prod", ROLE), ("aws-profile:deploy", audit)}
    assert facts.bindings["aws-profile", "deploy"].target == ("Identity", ROLE)
    assert read(CREDENTIALS).bindings["aws-profile", "prod"].target == ("Identity", f"aws-access-key-user:{OTHER_ID}")
    assert not facts.problems
    assert not facts.drawn("HOLDS")


@pytest.mark.parametrize("title", ["[profile deploy]", "  [ profile  deploy ]  # mine", "[profile 'deploy']", '[profile "deploy" ] ; mine'])
def test_titles_of_profiles(title: str) -> None:
    assert ("aws-profile", "deploy") in read(f"{title}\nrole_arn = {ROLE}\n", ".aws/config").bindings


def test_a_role_that_is_none_is_told() -> None:
    facts = read("[profile x]\nrole_arn = ${ROLE}\nsource_profile = y\n", ".aws/config")
    assert [message for *_, message in facts.problems] == ["assumes a role whose ARN is none"]


@pytest.mark.parametrize("text", ["", "[", "[]", "a=b", "[x]\n=\n", "[default]\naws_secret_access_key=YOUR_SECRET\n", "[x]\nrole_arn=\n"])
def test_what_says_nothing_gives_nothing(text: str) -> None:
    assert not read(text).edges


@given(st.binary(max_size=300) | st.text(st.sampled_from("[]=# \nprofile\"'x"), max_size=200).map(str.encode))
def test_any_text_is_borne(data: bytes) -> None:
    with contextlib.suppress(IngestError):
        Facts(aws_profiles, document(data, ".aws/credentials"))


def test_too_many_profiles_are_refused() -> None:
    with pytest.raises(IngestError):
        read("[x]\n" * 5_001)
