"""The pages of requests, proposals and engagements: for a company, for staff over all companies, for the assistant."""
