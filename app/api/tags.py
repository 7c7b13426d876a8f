"""What the groups of operations are about, for the documentation."""

TAGS = {
    "API keys": "Keys for programs that act for a person, with scopes, an end and addresses that they are good from.",
    "About": "What is here, and this document.",
    "Account": "The user's own account: registration, password, address.",
    "Applications": "OAuth 2.0 clients: applications that people let in.",
    "Assistants": "Virtual assistants: skills, rates, calendars.",
    "Companies": "Client companies.",
    "Matches": "Finding the assistants who fit, and what becomes of the proposals.",
    "Products": "The catalogue's products.",
    "Projects": "Projects with their plan, time, budget and change orders.",
    "Services": "Service categories and their offerings.",
    "Signing in": "Tokens, and the sign-ins that they belong to.",
    "Skills": "The taxonomy of skills that matching rests on.",
    "Solutions": "The catalogue's solutions, made of products.",
    "Teams": "Expert teams, their members and capacity.",
    "Two-factor": "Authenticator apps, passkeys and recovery codes.",
    "Users": "People with an account, for staff.",
}
