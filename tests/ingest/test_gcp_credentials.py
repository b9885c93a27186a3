from __future__ import annotations

import json

import pytest

from graphinv.ingest import gcp_credentials
from graphinv.model.errors import IngestError
from tests.ingest.reading import Facts, document, fake, fingerprint

EMAIL = "desk-bot@quillmere-prod.iam.gserviceaccount.com"
KEY_ID = "a3f1" * 10
PEM = f"-----BEGIN PRIVATE KEY-----\n{fake('sa', length=64)}\n-----END PRIVATE KEY-----\n"


def key_file(**more: object) -> str:
    fields = {
        "type": "service_account",
        "project_id": "quillmere-prod",
        "private_key_id": KEY_ID,
        "private_key": PEM,
        "client_email": EMAIL,
    }
    return json.dumps({**fields, **more}, indent=2)


def test_a_key_of_a_service_account_authenticates_as_it() -> None:
    read = document(key_file(), "ops/sa.json")
    assert gcp_credentials.detect(read.path, read.data)
    facts = Facts(gcp_credentials, read)
    assert facts.drawn("AUTHENTICATES_AS") == {(f"gcp-key:{KEY_ID}", f"gcp:{EMAIL}")}
    key = facts.nodes["Secret", f"gcp-key:{KEY_ID}"]
    assert (key["type"], key["lifetime"], key["fingerprint"]) == ("google_service_account_key", "static", fingerprint(PEM.strip()))
    assert "PRIVATE KEY" not in repr(facts.all)


def test_a_key_without_its_id_goes_by_its_value() -> None:
    facts = Facts(gcp_credentials, document(key_file(private_key_id=""), "ops/sa.json"))
    assert facts.drawn("AUTHENTICATES_AS") == {(f"secret:{fingerprint(PEM.strip())}", f"gcp:{EMAIL}")}


def test_an_account_in_a_project_of_production_is_none_of_google() -> None:
    facts = Facts(gcp_credentials, document(key_file(), "ops/sa.json"))
    assert "kind_detail" not in facts.nodes["Identity", f"gcp:{EMAIL}"]


def test_a_federated_workload_acts_as_the_account_that_it_impersonates() -> None:
    pool = "projects/42/locations/global/workloadIdentityPools/ci"
    text = json.dumps(
        {
            "type": "external_account",
            "audience": f"//iam.googleapis.com/{pool}/providers/github",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "service_account_impersonation_url": f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{EMAIL}:generateAccessToken",
        }
    )
    facts = Facts(gcp_credentials, document(text, "wif.json"))
    assert facts.drawn("ASSUMES") == {(f"gcp:{pool}", f"gcp:{EMAIL}")}


def test_a_person_who_logged_in_may_act_as_an_account() -> None:
    token = fake("refresh", "1//0")
    url = f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{EMAIL}:generateAccessToken"
    source = {"type": "authorized_user", "client_id": "7-x.apps.googleusercontent.com", "refresh_token": token}
    text = json.dumps({"type": "impersonated_service_account", "source_credentials": source, "service_account_impersonation_url": url})
    facts = Facts(gcp_credentials, document(text, "adc.json"))
    person = "gcp:user(shop/adc.json)"
    assert facts.drawn("ASSUMES") == {(person, f"gcp:{EMAIL}")}
    assert facts.drawn("AUTHENTICATES_AS") == {(f"secret:{fingerprint(token)}", person)}


def test_placeholders_are_no_keys_and_odd_types_no_crash() -> None:
    assert not Facts(gcp_credentials, document(key_file(private_key="YOUR_PRIVATE_KEY", private_key_id=7), "a.json")).edges
    facts = Facts(gcp_credentials, document(key_file(client_email=["x"]), "a.json"))
    assert [severity for _, severity, _ in facts.problems] == ["error"]
    nested = {"type": "impersonated_service_account", "source_credentials": {"type": "impersonated_service_account"}}
    assert not Facts(gcp_credentials, document(json.dumps(nested), "a.json")).edges
    with pytest.raises(IngestError):
        Facts(gcp_credentials, document('["service_account"]', "a.json"))


def test_other_json_is_left_alone() -> None:
    assert not gcp_credentials.detect("a.json", b'{"type": "service_account", "name": "x"}')
    assert not gcp_credentials.detect("a.py", key_file().encode())


def test_what_the_command_line_keeps_lies_on_the_machine_of_a_person() -> None:
    token = fake("refresh", "1//0")
    text = json.dumps({"type": "authorized_user", "client_id": "7-x.apps.googleusercontent.com", "refresh_token": token})
    kept = Facts(gcp_credentials, document(text, "ana/.config/gcloud/application_default_credentials.json"))
    assert kept.drawn("HOLDS") == {("home:shop/ana", f"secret:{fingerprint(token)}")}
    assert not Facts(gcp_credentials, document(text, "ops/adc.json")).drawn("HOLDS")
