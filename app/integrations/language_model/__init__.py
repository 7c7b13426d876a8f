"""Language models behind OpenAI's interface: OpenAI's own, or any server that speaks it (OPENAI_BASE_URL)."""
