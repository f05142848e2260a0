"""What the formats of our OpenAPI document mean, for who makes values up: a name must be seen, an address must lead somewhere."""

from urllib.parse import quote

import schemathesis
from hypothesis import strategies as st

letters = st.sampled_from("abcdefghijklmnopqrstuvwxyz")
visible = st.characters(exclude_categories=["C"])

schemathesis.openapi.format("one-line", st.builds(str.__add__, letters, st.text(visible, max_size=30)))
schemathesis.openapi.format("uri", st.from_regex(r"https://[a-z]{1,9}\.example(/[a-z0-9]{0,9})?", fullmatch=True))
schemathesis.openapi.format("entity-tag", st.sampled_from(["*", '"1"', '"3"', 'W/"3"']))
schemathesis.openapi.format("emoji", st.sampled_from(["👍", "🎉", "👩‍💻", "🇦🇹", "❤️"]))
schemathesis.openapi.format("percent-encoded", st.text(visible, min_size=1, max_size=50).map(quote))
schemathesis.openapi.format("email", st.from_regex(r"[a-z0-9]{1,20}@[a-z]{1,9}\.example", fullmatch=True))
