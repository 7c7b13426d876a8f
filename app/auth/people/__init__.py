"""Users and companies as records: what staff and a company's owner do to them."""
