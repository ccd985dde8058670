"""The part of the settings that says who sells, where it is hosted, and how prices are meant."""

from eazynova_site.env import env_choice, env_int, env_str

SELLER_NAME = env_str("SELLER_NAME")
SELLER_ADDRESS = env_str("SELLER_ADDRESS")
HOSTED_BY = env_str("HOSTED_BY")
LEGAL_FOLDER = env_str("LEGAL_FOLDER")
INVOICE_TERMS_FR, INVOICE_TERMS_EN = env_str("INVOICE_TERMS_FR"), env_str("INVOICE_TERMS_EN")
PRICES_TAX = env_choice("PRICES_TAX", "", ("", "excluded", "included"))
# how long the law obliges a seller to keep what was sold (France: ten years, Code de commerce, L123-22)
COMMERCIAL_RECORDS_YEARS = env_int("COMMERCIAL_RECORDS_YEARS", 10, least=0)
