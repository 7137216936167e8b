"""Schema and page to grammar, prompt, engines, parsing, grounding, confidence."""
