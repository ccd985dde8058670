import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants import client_names
from tenants.errors import InvalidClientName, ReservedClientName


@pytest.mark.parametrize("name", ["abc", "acme-corp", "a1b", "1er-atelier", "a" * 50, "x--y"])
def test_an_ordinary_name_is_accepted(name):
    assert client_names.check(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ab",
        "a" * 51,
        "-abc",
        "abc-",
        "Acme",
        "acme corp",
        "acmé",
        "acme_corp",
        "acme.corp",
        "abc\n",
        "ａｂｃ",
        "٣٣٣",
    ],
)
def test_a_malformed_name_is_refused(name):
    with pytest.raises(InvalidClientName):
        client_names.check(name)


@pytest.mark.parametrize("name", ["www", "api", "admin", "mail", "odoo", "railway"])
def test_a_reserved_name_is_refused(name):
    with pytest.raises(ReservedClientName):
        client_names.check(name)


@pytest.mark.parametrize(
    "name",
    [
        "adrnin",
        "rnail",
        "vvebmail",
        "6ackup",
        "login-eazynova",
        "sign-in",
        "sign-up",
        "ra1lway",
        "adm1n",
        "od00",
        "mot-de-passe",
        "logins",
        "ea2ynova-login",
        "eazzynova",
        "easy-nova",
        "eazynova-support",
        "eazy-nova",
        "my-eazyn0va-login",
        "theeazynovashop",
        "support-client",
        "login-2",
        "support24",
        "secure-login",
        "espace-client-connexion",
        "admin-portal",
        "postgres-backup",
        "railway-status",
    ],
)
def test_what_people_would_take_for_the_house_or_its_machinery_is_reserved(name):
    with pytest.raises(ReservedClientName):
        client_names.check(name)


@pytest.mark.parametrize(
    "name",
    [
        "demo-1",
        "test-2",
        "a2b-logistique",
        "1001-nuits",
        "cornet",
        "barnier-et-fils",
        "savvy",
        "railway-museum",
        "support-lyon",
        "aide-a-domicile",
        "services-clients",
        "nova-cafe",
    ],
)
def test_a_company_that_only_shares_a_word_with_us_keeps_its_name(name):
    assert client_names.check(name) == name


@pytest.mark.parametrize(
    ("company", "name"),
    [
        ("Société Générale d'Été", "societe-generale-d-ete"),
        ("  L'Œuvre & Fils  ", "l-oeuvre-et-fils"),
        ("Straße 9 GmbH", "strasse-9-gmbh"),
        ("ŁÓDŹ", "lodz"),
        ("Ünïcödé™", "unicodetm"),
        ("日本", ""),
        ("a" * 80, "a" * 50),
        ("L’" + "a" * 80, "l-" + "a" * 48),
        (
            "Établissements Dupont & Fils Menuiserie Charpente SARL",
            "etablissements-dupont-et-fils-menuiserie-charpente",
        ),
        ("Établissements Dupont & Fils Menuiserie Charpentes SARL", "etablissements-dupont-et-fils-menuiserie"),
    ],
)
def test_a_company_name_folds_to_a_client_name(company, name):
    assert client_names.fold(company) == name


@given(st.lists(st.text("abcdefghijklm", min_size=3, max_size=50), min_size=1, max_size=20))
def test_no_word_is_ever_cut(words):
    name = "-".join(words)
    for made in (client_names.fold(name), client_names.with_suffix(name).rpartition("-")[0]):
        assert f"{name}-".startswith(f"{made}-") or len(words[0]) > 45
        assert len(made) <= 50


@given(st.text(max_size=120), st.text(max_size=120))
def test_whatever_is_near_to_a_wish_may_be_used(wish, company):
    made = list(client_names.near(wish, company))
    assert [client_names.check(name) for name in made] == list(dict.fromkeys(made))


@pytest.mark.parametrize(
    ("wish", "company", "first"),
    [
        ("Acme Corp !", "", ["acme-corp", "acme-corp-2", "acme-corp-pro"]),
        ("acme", "Acme Conseil", ["acme", "acme-conseil", "acme-2"]),
        ("admin", "Acme", ["acme", "acme-2", "acme-pro"]),
        ("blog", "", ["blog-2", "blog-pro", "blog-erp"]),
        ("ab", "", ["ab-2", "ab-pro", "ab-erp"]),
        ("日本", "", []),
    ],
)
def test_near_to_a_wish_are_its_own_spelling_the_company_and_endings(wish, company, first):
    assert list(client_names.near(wish, company))[:3] == first


@given(st.text(max_size=120))
def test_whatever_is_folded_with_a_suffix_is_a_valid_name(company):
    assert client_names.check(client_names.with_suffix(client_names.fold(company)))


@given(st.from_regex(client_names.SHAPE, fullmatch=True))
def test_the_database_name_of_every_client_is_one_that_postgresql_and_odoo_take_unquoted(name):
    database = client_names.database_name(name)
    assert database[0].isalpha()
    assert len(database) <= 63
    assert database.replace("_", "").isalnum()


def test_the_database_name_is_the_client_name_with_underscores():
    assert client_names.database_name("acme-corp") == "acme_corp_prod"


@pytest.mark.parametrize("name", ["eazynova-support", "login", "support-client"])
def test_a_suffix_makes_no_reserved_name_of_one(name):
    made = client_names.with_suffix(name)
    assert client_names.check(made) == made
    assert made.startswith("client-")
