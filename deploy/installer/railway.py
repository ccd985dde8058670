"""Whether Railway takes the token, and whether it may work in the workspace."""

from __future__ import annotations

import json

from installer.asking import ask, parsed
from installer.words import Refused, tr

URL = "https://backboard.railway.com/graphql/v2"
WHO_AM_I = "query WhoAmI { apiToken { workspaces { id name } } }"


def workspaces(url: str, token: str) -> dict[str, str]:
    """Names by id. Raises Refused when the token opens nothing."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    body = json.dumps({"query": WHO_AM_I, "operationName": "WhoAmI", "variables": {}}).encode()
    status, answer = ask(url, method="POST", headers=headers, body=body)
    data = parsed(answer)
    found = ((data.get("data") or {}).get("apiToken") or {}).get("workspaces") if isinstance(data, dict) else None
    if found:
        return {each["id"]: each["name"] for each in found}
    if status >= 500 or not isinstance(data, dict) or not data:
        raise Refused(
            tr(f"Railway answered {status}: try again later.", f"Railway a répondu {status} : réessayez plus tard.")
        )
    raise Refused(
        tr(
            "Railway refuses this token. Make a workspace token as an Admin of the workspace: https://railway.com/account/tokens",
            "Railway refuse ce jeton. Créez un jeton d’espace de travail en tant qu’Admin : https://railway.com/account/tokens",
        )
    )


def check(url: str, token: str, workspace: str) -> str:
    """The name of the workspace. Raises Refused."""
    found = workspaces(url, token)
    if workspace not in found:
        known = ", ".join(f"{identifier} ({name})" for identifier, name in found.items())
        raise Refused(
            tr(
                f"The token does not open the workspace {workspace}. It opens: {known}",
                f"Le jeton n’ouvre pas l’espace de travail {workspace}. Il ouvre : {known}",
            )
        )
    return found[workspace]
