"""The browser's virtual authenticator (Chrome DevTools Protocol, WebAuthn domain)."""

from typing import Any

RESIDENT = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Device:
    """A device with passkeys, which its owner unlocks when it asks; `options` are the protocol's."""

    def __init__(self, page: Any, **options: Any) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("WebAuthn.enable")
        made = self._session.send("WebAuthn.addVirtualAuthenticator", {"options": RESIDENT | options})
        self._id = {"authenticatorId": made["authenticatorId"]}

    def credentials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._session.send("WebAuthn.getCredentials", self._id)["credentials"]
        return found

    def is_there(self, enabled: bool) -> None:
        """Whether somebody touches it when it asks."""
        self._session.send("WebAuthn.setAutomaticPresenceSimulation", self._id | {"enabled": enabled})
