"""Accounts and how one signs in; who asks is the kernel's, `app/identity`."""

from app.auth.audit_words import WORDS
from app.core.domain import AccountPage, DemoStep, Domain, Entry

_PEOPLE = "People"

DOMAIN = Domain(
    "auth",
    setup=("hooks", "oauth.server"),
    pages=(
        "accounts.profile_views", "sign_in.views", "sessions.views", "api_keys.views", "oauth.endpoint_views",
        "oauth.consent_views", "oauth.granted_views", "oauth.application_views", "registration.views",
        "accounts.views", "mfa.views", "mfa.passkey_views", "providers.views", "providers.account_views",
        "impersonation.views", "people.views", "people.company_views", "people.colleague_views",
        "people.permission_pages",
    ),
    api=(
        "sign_in.api", "sessions.api", "signing_keys.api", "api_keys.api", "mfa.api", "registration.api", "oauth.api",
        "people.api",
    ),
    tags={
        "API keys": "Keys for programs that act for a person, with scopes, an end and addresses that they are good "
        "from.",
        "Account": "The user's own account: registration, password, address.",
        "Applications": "OAuth 2.0 clients: applications that people let in.",
        "Companies": "Client companies.",
        "Signing in": "Tokens, and the sign-ins that they belong to.",
        "Two-factor": "Authenticator apps, passkeys and recovery codes.",
        "Users": "People with an account, for staff.",
    },
    permissions={
        "clients": ("rw", "rw", "-", "-"),
        "users": ("rw", "r", "-", "-"),
        "seeing": ("rw", "rw", "-", "-"),
    },
    scopes={"users": "people’s accounts", "clients": "companies’ accounts"},
    navigation=(
        Entry("API keys", "api_keys.index", "key", _PEOPLE, "users:read", words="tokens programs secrets"),
        Entry(
            *("See as a customer", "impersonation.search", "eye", _PEOPLE, "seeing:write"),
            words="impersonate look support help",
        ),
        Entry("Applications", "applications.index", "apps", _PEOPLE, "users:write", words="oauth third party clients"),
        Entry("Permissions", "permissions.index", "lock-access", _PEOPLE, words="roles rights scopes who may do what"),
        Entry(
            *("People", "company.people", "users-group", "Company"),
            for_staff=False,
            for_owners=True,
            words="company colleagues invite team",
        ),
    ),
    account=(
        AccountPage("Profile", "account.profile", "user", 0, needs_person=False),
        AccountPage("Password", "registration_account.password", "lock", 10, "Change it"),
        AccountPage("E-mail", "registration_account.email", "mail", 15, "accounts.views:describe_address"),
        AccountPage("Two-factor", "mfa.two_factor", "shield-lock", 20, "mfa.views:summary"),
        AccountPage("Passkeys", "passkeys.index", "fingerprint", 30, "mfa.passkey_views:summary"),
        AccountPage("Sessions", "account_sessions.index", "devices", 40, "sessions.views:summary"),
        AccountPage("API keys", "account_keys.index", "key", 50, "api_keys.views:summary"),
        AccountPage(
            *("Connected apps", "account_applications.index", "plug-connected", 60, "oauth.granted_views:summary"),
        ),
        AccountPage(
            *("Sign-in providers", "account_providers.index", "link", 70, "providers.account_views:summary"),
            shown_if="providers.flow_views:provider",
        ),
        AccountPage(
            *("Company", "company.people", "users-group", 80, "People, and what each may do"),
            for_owners=True,
        ),
        AccountPage(
            *("Company’s applications", "company_applications.index", "apps", 85, "What you let others sign in with"),
            for_owners=True,
        ),
    ),
    audit=WORDS,
    demo=(DemoStep(30, "demo:add_people"),),
)  # fmt: skip
