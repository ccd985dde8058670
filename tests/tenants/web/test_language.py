"""The link that chooses a language leads back to where one was, and nowhere else."""

import pytest

WITHIN = ["/", "/signup", "/instances/acme-corp-k3v9x2mq7t/?lang=1"]
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "https://testserver.evil.example/",
    "https://testserver@evil.example/",
]


@pytest.mark.parametrize("target", WITHIN)
def test_whoever_chooses_a_language_comes_back_to_the_page(client, target):
    answer = client.get("/language/en/", {"next": target})
    assert (answer.status_code, answer.headers["Location"]) == (302, target)
    assert client.cookies["django_language"].value == "en"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a_link_with_our_name_leads_to_nobody_elses_site(client, target):
    answer = client.get("/language/en/", {"next": target})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
