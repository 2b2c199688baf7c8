"""A bounded loop in which a language model may look, and only look, before it proposes."""
