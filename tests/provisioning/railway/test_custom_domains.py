"""The customers' own names: what Railway wants of a zone, and what it tells of their certificates."""

import pytest

from provisioning.railway import decoding, errors
from provisioning.railway.domains import CertificateStatus
from tests.provisioning.railway.test_against_sandbox import stage  # noqa: F401  a fixture

NAME = "erp.boulangerie.fr"
NODE = {
    "id": "1",
    "domain": NAME,
    "targetPort": 8069,
    "status": {
        "verified": False,
        "verificationDnsHost": "_railway-verify.erp.boulangerie.fr",
        "verificationToken": "railway-verify=abc",
        "certificateStatus": "CERTIFICATE_STATUS_TYPE_VALIDATING_OWNERSHIP",
        "certificateErrorMessage": None,
        "certificateRetryable": None,
        "dnsRecords": [
            {
                "recordType": "DNS_RECORD_TYPE_CNAME",
                "requiredValue": "G05ns7.up.railway.app.",
                "purpose": "DNS_RECORD_PURPOSE_TRAFFIC_ROUTE",
                "status": "DNS_RECORD_STATUS_REQUIRES_UPDATE",
            }
        ],
    },
}


def of(**status):
    return decoding.custom_domain(NODE | {"status": NODE["status"] | status})


@pytest.fixture
def place(stage):  # noqa: F811
    return {**stage.place, "service_id": stage.worker}


def test_a_name_is_made_found_again_and_taken_away(stage, place):  # noqa: F811
    made = stage.client.create_custom_domain(**place, domain=NAME, target_port=8069)
    assert made.target.endswith(".up.railway.app")
    assert made.proof_host == f"_railway-verify.{NAME}"
    assert made.proof.startswith("railway-verify=")
    assert (made.verified, made.routed, made.certificate) == (False, False, CertificateStatus.VALIDATING_OWNERSHIP)
    assert stage.client.custom_domains(**place) == (made,)
    with pytest.raises(errors.AlreadyExists):
        stage.client.create_custom_domain(**place, domain=NAME, target_port=8069)
    stage.client.retry_certificate(made.id)
    stage.client.delete_custom_domain(made.id)
    assert stage.client.custom_domains(**place) == ()


def test_more_than_the_plan_allows_is_refused(stage, place):  # noqa: F811
    for number in range(20):
        stage.client.create_custom_domain(**place, domain=f"n{number}.{NAME}", target_port=8069)
    with pytest.raises(errors.PlanLimit):
        stage.client.create_custom_domain(**place, domain=NAME, target_port=8069)


def test_the_host_of_the_proof_is_understood_however_it_is_written():
    for told in ("_railway-verify.erp.boulangerie.fr", "_railway-verify.erp", "_railway-verify", None):
        assert of(verificationDnsHost=told).proof_host == f"_railway-verify.{NAME}"


def test_the_proof_is_understood_with_its_prefix_and_without():
    assert of().proof == of(verificationToken="abc").proof == "railway-verify=abc"
    assert of(verificationToken=None).proof == ""


def test_the_target_is_a_plain_name_and_found_by_its_type_when_the_purpose_is_not_told():
    assert of().target == "g05ns7.up.railway.app"
    record = NODE["status"]["dnsRecords"][0] | {"purpose": "DNS_RECORD_PURPOSE_UNSPECIFIED"}
    assert of(dnsRecords=[record]).target == "g05ns7.up.railway.app"
    assert of(dnsRecords=[]).target == ""


@pytest.mark.parametrize("told", ["CERTIFICATE_STATUS_TYPE_UNSPECIFIED", "UNRECOGNIZED", "SOMETHING_NEW", "ISSUED"])
def test_a_status_that_is_not_known_is_pending(told):
    assert of(certificateStatus=told).certificate == CertificateStatus.PENDING


def test_the_known_ones_are_told():
    told = {of(certificateStatus=f"CERTIFICATE_STATUS_TYPE_{each}").certificate for each in ("VALID", "ISSUE_FAILED")}
    assert told == {CertificateStatus.VALID, CertificateStatus.ISSUE_FAILED}
