"""What the model sees of a request: words, pairs of words, and what the grammar made of it."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from zlib import crc32

from . import grammar
from .amounts import number
from .clauses import Span
from .lexicon import lexicon
from .patterns import Lazy
from .tokens import Token

BITS = 18
SLOTS = 1 << BITS
"""Features are hashed into this many rows."""

_RESOURCE = Lazy(
    r"(?:aws|google|azurerm|digitalocean|hcloud|random|null|kubernetes|helm|module|data|var|local)[._][a-z]"
)
_HOST = Lazy(r"[a-z][a-z-]*-?\d{1,3}[a-z]?(?:\.[\w.-]+)?")
_KIND = Lazy(
    r"(?:po|pods?|deploy|deployments?|svc|services?|sts|statefulsets?|ds|cm|configmaps?|"
    r"secrets?|jobs?|cronjobs?|ing|ingress|pvc|hpa|nodes?|rs)/"
)
_PRONOUNS = frozenset(
    {
        "it",
        "this",
        "that",
        "them",
        "these",
        "those",
        "one",
        "ones",
        "same",
        "again",
        "so",
        "there",
        "another",
        "other",
        "everything",
        "more",
    }
)
_WH = frozenset(
    {
        "what",
        "why",
        "who",
        "when",
        "where",
        "which",
        "how",
        "is",
        "are",
        "does",
        "did",
        "do",
        "can",
        "could",
        "would",
        "should",
        "has",
        "have",
        "whats",
        "what's",
        "who's",
        "any",
    }
)
_MOST = 220


def _mask(token: Token) -> str:
    if token.kind == "word":
        if token.verb is not None:
            return "v:" + token.verb.name
        if token.noun is not None:
            return "n:" + token.noun.name
        return token.low
    if token.kind == "punct":
        return token.text
    if token.kind == "flag":
        return token.text.lower()
    return f"<{token.kind}>"


def named(tokens: list[Token], spans: list[Span], text: str) -> list[str]:
    """The features by name, without doubles: those of single words first, those of the grammar last."""
    return [*of_words(tokens), *of_grammar(tokens, spans, text)]


def of_words(tokens: list[Token]) -> list[str]:
    """Words, pairs and triples of words, pieces of unknown words."""
    found: dict[str, None] = {}
    add = found.setdefault
    masked = [_mask(t) for t in tokens if t.kind != "punct" or t.text in "?!"]
    for token in tokens:
        if token.kind == "word":
            add("w " + token.low)
            if token.verb is not None:
                add("v " + token.verb.name)
                add("vi " + token.verb.intent)
            if token.noun is not None:
                add("n " + token.noun.name)
                if token.noun.domain:
                    add("nd " + token.noun.domain)
            if token.tool is not None:
                add("t " + token.tool)
        elif token.kind in {"name", "quoted"}:
            low = token.low
            if " " not in low:
                add("o " + low[:24])
                if len(low) > 5 and low.isalpha():
                    for i in range(min(len(low) - 3, 9)):
                        add("c " + low[i : i + 4])
            else:
                for word in low.split()[:12]:
                    add("q " + word)
        else:
            add("k " + token.kind)
    for a, b in zip(["^", *masked], [*masked, "$"], strict=True):
        add(f"b {a} {b}")
    for a, b, c in zip(masked, masked[1:], masked[2:], strict=False):
        if a[0] != "<" or c[0] != "<":
            add(f"3 {a} {b} {c}")
    if masked:
        add("1 " + masked[0])
        add("2 " + " ".join(masked[:3]))
        add("z " + masked[-1])
    return list(found)[:_MOST]


def of_grammar(tokens: list[Token], spans: list[Span], text: str) -> list[str]:
    """Leanings of the clauses, cues of domains, counts of what is concrete, foreign or troubled."""
    main = grammar.main_span(spans)
    low = {t.low for t in tokens}
    score = grammar.domains(tokens)
    features = ["bias"]
    mood = grammar.mood(text)
    features.append("mood " + mood)
    if main is not None:
        lean = grammar.lean(main) or "-"
        verb = main.verb.name if main.verb else "-"
        noun = main.object.name if main.object else "-"
        features += [
            "lean " + lean,
            "head " + verb,
            "obj " + noun,
            f"ho {verb} {noun}",
            f"lo {lean} {noun}",
            f"lm {lean} {mood}",
        ]
        if main.head is not None:
            at = main.tokens.index(main.head) + 1
            behind = [t for t in main.tokens[at : at + 3] if t.low not in {"the", "a", "an", "my", "our", "me"}][:1]
            features += [f"hk {verb} {t.kind}" for t in behind]
            features += [f"hk {verb} {t.kind} {int(t.text.count('/') == 1)}" for t in behind if t.kind == "slashed"]
            if verb in {"run", "exec"} and behind:
                features.append(f"runs {lexicon().commands[''].get(behind[0].low.split(' ')[0], '-')}")
        first = spans[0]
        features.append("early " + (grammar.lean(first) or "-"))
        opening = tokens[0].low if tokens[0].low in _WH else "-"
        form = _form(main.head)
        asks = int(text.rstrip().endswith("?"))
        features += [f"form {form} {lean}", f"open {opening} {form} {lean}", f"asks {asks} {form} {lean}"]
    wishes = [s for s in spans if s.verb is not None and s.aside is None]
    features.append(f"wishes {min(len(wishes), 4)}")
    if len(wishes) > 1:
        leans = [grammar.lean(s) or "-" for s in wishes]
        features += ["last " + leans[-1], "pair " + leans[0] + " " + leans[-1], "all " + " ".join(leans[:4])]
    features += [f"aside {s.aside} {grammar.lean(s)}" for s in spans if s.aside is not None]
    faults = grammar.faults(tokens)
    features.append(f"faults {min(faults, 3)}")
    if main is not None and faults:
        features.append(f"fl {min(faults, 2)} {grammar.lean(main)}")
    for domain, n in score.items():
        features.append(f"dom {domain} {min(n, 4)}")
    strongest = sorted(score, key=lambda d: (-score[d], d))
    features.append(
        "doms " + " ".join(sorted(d for d in score if score[d] >= 3))
        if any(n >= 3 for n in score.values())
        else "doms? " + " ".join(strongest[:2])
    )
    kinds = Counter(t.kind for t in tokens)
    concrete = sum(
        kinds[k]
        for k in ("image", "path", "file", "slashed", "tagged", "pair", "ports", "flag", "hash", "ip", "url", "amount")
    )
    trade = sum(1 for t in tokens if t.tool or (t.noun and t.noun.domain)) + concrete
    vague = sum(1 for t in tokens if t.noun and not t.noun.domain)
    strangers = sum(1 for t in tokens if t.kind == "name")
    features += [
        f"trade {min(trade, 3)}",
        f"tv {min(trade, 2)} {min(vague, 2)}",
        f"strangers {min(strangers, 4)}",
        f"ts {min(trade, 2)} {min(strangers, 3)}",
    ]
    lex = lexicon()
    elsewhere = sum(
        1 for t in tokens if t.low in lex.elsewhere or (t.low.endswith("s") and t.low[:-1] in lex.elsewhere)
    )
    features += [f"elsewhere {min(elsewhere, 3)}", f"et {min(elsewhere, 2)} {min(trade, 2)}"]
    features += [f"essay {i} {min(concrete, 1)}" for i in grammar.essays(text)]
    marks = grammar.pasted(text)
    features += [f"pasted {i}" for i in marks]
    if len(marks) > 1:
        features += ["pasted", f"pastedmany {min(len(marks), 4)}"]
    if text.count(": ") >= 2:
        features.append("colons")
    services = sum(
        1
        for t in tokens
        if t.low in lex.weak_names
        or t.low in lex.images
        or (t.kind == "name" and any(c in "-_0123456789" for c in t.low))
    )
    places = sum(1 for t in tokens if t.low in lex.environments)
    features += [
        f"services {min(services, 2)}",
        f"places {min(places, 1)} {min(services, 1)}",
        f"sp {min(services + places + trade + vague, 3)} {min(elsewhere, 1)}",
    ]
    for t in tokens:
        if t.kind in {"file", "path", "slashed"} and (ext := t.text.rsplit("/", 1)[-1].rpartition("."))[1]:
            features.append("ext " + ext[2].lower()[:8])
        if t.kind in {"path", "slashed"}:
            features.append(
                "root "
                + (
                    t.text.lstrip("./").split("/", 1)[0].lower()[:12]
                    if t.kind == "slashed" or t.text[0] == "."
                    else "/" + t.text.lstrip("/").split("/", 1)[0][:6]
                )
            )
        if t.kind == "name" and _RESOURCE.match(t.low):
            features.append("tfresource")
        if t.kind == "name" and _HOST.fullmatch(t.low):
            features.append("hostlike")
        if t.kind == "slashed" and _KIND.match(t.low):
            features.append("kind/name")
        if t.kind == "url":
            features.append("urlhost " + ([*t.text.split("/"), "", ""])[2][-12:])
    for into, t in pairwise(tokens):
        if t.kind in {"file", "path"} and into.low in _INTO:
            head = main.verb.name if main is not None and main.verb is not None else "-"
            features += [f"into {into.low} {t.kind}", f"into {into.low} {head}"]
    images = sum(1 for t in tokens if t.kind in {"image", "tagged"} or t.low in lex.images)
    leaning = (grammar.lean(main) if main else None) or "-"
    if images:
        features += [f"image {leaning}", f"image {leaning} {min(places, 1)} {min(faults, 1)}"]
    features.append(
        f"where {leaning} {min(places, 1)} {'hostlike' in features} {min(kinds['path'], 1)} {min(services, 1)}"
        f" {min(trade, 1)}"
    )
    deed = grammar.asked(text, tokens)
    if deed is not None:
        features += [
            f"deed {deed[0]}",
            f"deed> {deed[1]}",
            f"deed {deed[0]} {deed[2]}",
            f"lean {deed[1]}",
            f"lo {deed[1]} {deed[2]}",
        ]
    typed = grammar.command(tokens, lex)
    if typed is not None:
        features += [
            f"cmd {typed[0]} {typed[1]}",
            f"cmd {typed[2]}",
            f"cmdf {typed[2]} {min(faults, 1)} {min(elsewhere, 1)}",
            f"cmdp {typed[0]}",
        ]
    if any(t.kind == "flag" for t in tokens) and typed is not None:
        features += [f"flags {t.text.lower()}" for t in tokens if t.kind == "flag"][:6]
    if main is None or main.verb is None:
        thing = next((t.noun for t in tokens if t.noun is not None), None)
        features += [
            "noverb",
            "noverb " + (thing.name if thing else "-"),
            f"noverb {min(services, 1)} {min(places, 1)} {min(faults, 1)}",
        ]
    numbers = [i for i, t in enumerate(tokens) if number(t) is not None]
    for i in numbers[:4]:
        if tokens[i].kind == "times":
            features.append("times")
        if i + 1 < len(tokens):
            after = tokens[i + 1]
            features.append(
                "n+ " + (after.noun.name if after.noun else after.low if after.kind == "word" else after.kind)
            )
        if i:
            features.append("+n " + tokens[i - 1].low if tokens[i - 1].kind == "word" else "+n " + tokens[i - 1].kind)
    length = len(tokens)
    features.append(f"len {0 if length < 3 else 1 if length < 6 else 2 if length < 12 else 3 if length < 30 else 4}")
    if low & _PRONOUNS and not trade and not vague and not strangers:
        features.append("only pronouns")
    if low & _PRONOUNS and not trade:
        features.append(f"pronoun {min(vague, 1)} {min(strangers, 1)}")
    if tokens and tokens[0].low in _WH:
        features.append(f"wh {tokens[0].low} {min(trade, 1)}")
    if "namespace" not in low and low & _PLACES:
        features.append("place")
    return features


def _form(head: Token | None) -> str:
    """How a verb stands: "ed" and "ing" forms describe as often as they order."""
    if head is None:
        return "-"
    word = head.low.split(" ")[0]
    return next((ending for ending in ("ing", "ed", "s") if word.endswith(ending) and len(word) > 4), "base")


_INTO = frozenset({"to", "into", "in", "as", "from"})
_PLACES = frozenset({"prod", "production", "staging", "stage", "qa", "uat", "preprod", "dev", "canary"})


def hashed(names: list[str]) -> list[int]:
    """The rows of the features, without doubles."""
    return list({crc32(name.encode("utf-8", "replace")) & (SLOTS - 1) for name in names})
