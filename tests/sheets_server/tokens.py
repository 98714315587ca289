"""Google's sign-in services, small: a token is given only to who is known, signed, in time and granted.

    tokens = Tokens()
    key = tokens.key_file(folder, "http://127.0.0.1:8790")     # and federation(), user_file(), client_file()
    status, body = tokens.answer("POST", "/token", headers, b"grant_type=…")
    refusal = tokens.allows(headers.get("Authorization"), write=True)      # None, or status and body

Answers: /token (a key's signed JWT, a refresh token, a code of the consent page), /v1/token (federation),
/v1/projects/-/serviceAccounts/EMAIL:generateAccessToken, and GET /o/oauth2/auth, the consent page: everybody says yes
there at once, unless `tokens.consent` says otherwise. Its answer is 302 with the address under "location".
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

GOOGLE = "https://www.googleapis.com/auth/"
SHEETS, SHEETS_READ = f"{GOOGLE}spreadsheets", f"{GOOGLE}spreadsheets.readonly"
GOOD_FOR_WRITING = {SHEETS, f"{GOOGLE}drive", f"{GOOGLE}drive.file"}
GOOD_FOR_READING = GOOD_FOR_WRITING | {SHEETS_READ, f"{GOOGLE}drive.readonly"}
GOOD_FOR_ACTING = {f"{GOOGLE}iam", f"{GOOGLE}cloud-platform"}  # as a service account

AUDIENCE = "https://oauth2.googleapis.com/token"  # of a signed JWT, wherever it is sent
HOUR, SKEW = 3600, 300  # seconds
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACTING = re.compile(r"/v1/projects/-/serviceAccounts/([^/:]+):generateAccessToken")
ON_THIS_MACHINE = re.compile(r"http://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?:/.*)?")
PROVIDER = "//iam.googleapis.com/projects/100000000001/locations/global/workloadIdentityPools/nightly/providers/{}"

Body = dict[str, object]
Form = Mapping[str, str]


class Refused(Exception):
    """What the caller is told instead of getting a token."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status, self.body = status, {"error": error, "error_description": description}


class Denied(Refused):
    """The same, in the words of Google's APIs."""

    def __init__(self, status: int, word: str, message: str, reason: str = "", **metadata: str) -> None:
        super().__init__(status, word, message)
        error: Body = {"code": status, "message": message, "status": word}
        if reason:
            domain = "iam.googleapis.com" if reason.startswith("IAM") else "googleapis.com"
            info = "type.googleapis.com/google.rpc.ErrorInfo"
            error["details"] = [{"@type": info, "reason": reason, "domain": domain, "metadata": metadata}]
        self.body = {"error": error}


@dataclass(frozen=True)
class Grant:
    """What an access token is good for."""

    who: str
    scopes: frozenset[str]
    until: float


@dataclass(frozen=True)
class Consent:
    """What a person allowed on the consent page."""

    client: str
    scopes: frozenset[str]
    redirect: str = ""
    challenge: str = ""
    lasting: bool = True  # a refresh token goes with it


@dataclass
class Tokens:
    """All that is known, and what was given out. *now* is the service's clock."""

    now: Callable[[], float] = time.time
    keys: dict[str, dict[str, rsa.RSAPublicKey]] = field(default_factory=dict)  # account → key id → key
    clients: dict[str, str] = field(default_factory=dict)  # OAuth client → its secret
    people: dict[str, Consent] = field(default_factory=dict)  # refresh token → what was allowed
    codes: dict[str, Consent] = field(default_factory=dict)
    providers: dict[str, tuple[str, rsa.RSAPublicKey]] = field(default_factory=dict)  # audience → issuer, key
    acting: set[tuple[str, str]] = field(default_factory=set)  # federated subject, account it may act as
    issued: dict[str, Grant] = field(default_factory=dict)  # access token → what it is good for
    consent: str = "yes"  # no: the person presses Cancel; less: leaves a box unticked
    asked: list[str] = field(default_factory=list)  # every path, for tests

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Body]:
        """Status and body for one request."""
        url = urlsplit(path)
        self.asked.append(url.path)
        try:
            if method == "GET" and url.path == "/o/oauth2/auth":
                return 302, {"location": self._page(dict(parse_qsl(url.query)))}
            if method != "POST":
                raise Denied(404, "NOT_FOUND", "Not Found")
            if account := ACTING.fullmatch(url.path):
                return 200, self._act(account[1], headers, read_json(body))
            form = dict(parse_qsl(body.decode(errors="replace"))) | by_name_and_password(headers)
            if url.path == "/token":
                return 200, self._token(form)
            if url.path == "/v1/token":
                return 200, self._exchange(form)
        except Refused as refused:
            return refused.status, refused.body
        return 404, Denied(404, "NOT_FOUND", "Not Found").body

    def allows(self, authorization: str | None, *, write: bool) -> tuple[int, Body] | None:
        """None when the bearer may do it, else status and body of the refusal."""
        try:
            if not authorization:
                raise Denied(
                    401, "UNAUTHENTICATED", "Request is missing required authentication credential. Expected OAuth 2 "
                    "access token, login cookie or other valid authentication credential. "
                    "See https://developers.google.com/identity/sign-in/web/devconsole-project.", "CREDENTIALS_MISSING",
                )  # fmt: skip
            if not self._granted(authorization).scopes & (GOOD_FOR_WRITING if write else GOOD_FOR_READING):
                raise Denied(
                    403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.",
                    "ACCESS_TOKEN_SCOPE_INSUFFICIENT", service="sheets.googleapis.com",
                )  # fmt: skip
        except Refused as refused:
            return refused.status, refused.body
        return None

    def expire_all(self) -> None:
        """Every access token has had its hour."""
        self.issued = {token: Grant(grant.who, grant.scopes, 0) for token, grant in self.issued.items()}

    def revoke(self, what: str) -> None:
        """Take back a key (its id), an account (its e-mail), a refresh token or an access token."""
        for known in (self.keys, self.people, self.issued, *self.keys.values()):
            known.pop(what, None)

    # ------------------------------------------------------------ what is handed out

    def _issue(self, who: str, scopes: frozenset[str]) -> str:
        token = f"ya29.c.{secrets.token_urlsafe(32)}"
        self.issued[token] = Grant(who, scopes, self.now() + HOUR)
        return token

    def _granted(self, authorization: str | None) -> Grant:
        scheme, _, token = (authorization or "").partition(" ")
        grant = self.issued.get(token)
        if scheme != "Bearer" or grant is None or grant.until <= self.now():
            raise Denied(
                401, "UNAUTHENTICATED", "Request had invalid authentication credentials. "
                "Expected OAuth 2 access token, login cookie or other valid authentication credential. "
                "See https://developers.google.com/identity/sign-in/web/devconsole-project.",
            )  # fmt: skip
        return grant

    def _token(self, form: Form) -> Body:
        kind = form.get("grant_type", "")
        if kind == JWT_BEARER:
            return self._by_key(form.get("assertion", ""))
        if kind == "refresh_token":
            return self._by_refresh_token(form)
        if kind == "authorization_code":
            return self._by_code(form)
        raise Refused(400, "unsupported_grant_type", f"Invalid grant_type: {kind}")

    def _by_key(self, assertion: str) -> Body:
        header, claims, signed = taken_apart(assertion)
        keys = self.keys.get(str(claims.get("iss")))
        if keys is None:
            raise Refused(400, "invalid_grant", "Invalid grant: account not found")
        key = keys.get(str(header.get("kid")))
        if key is None or not signed(key):
            raise Refused(400, "invalid_grant", "Invalid JWT Signature.")
        if claims.get("aud") != AUDIENCE:
            raise Refused(400, "invalid_grant", "Invalid JWT: Failed audience check.")
        if not self._timely(claims):
            raise Refused(
                400, "invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
                "timeframe. Check your iat and exp values in the JWT claim.",
            )  # fmt: skip
        token = self._issue(str(claims["iss"]), scoped(str(claims.get("scope", ""))))
        return {"access_token": token, "expires_in": HOUR - 1, "token_type": "Bearer"}

    def _timely(self, claims: Body) -> bool:
        issued, until = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int) or not isinstance(until, int):
            return False
        return issued < until <= issued + HOUR and issued - SKEW <= self.now() <= until + SKEW

    def _client(self, form: Form) -> str:
        client = form.get("client_id", "")
        if client not in self.clients:
            raise Refused(401, "invalid_client", "The OAuth client was not found.")
        if form.get("client_secret") != self.clients[client]:
            raise Refused(401, "invalid_client", "Unauthorized")
        return client

    def _by_refresh_token(self, form: Form) -> Body:
        client = self._client(form)
        allowed = self.people.get(form.get("refresh_token", ""))
        if allowed is None or allowed.client != client:
            raise Refused(400, "invalid_grant", "Token has been expired or revoked.")
        asked = scoped(form["scope"]) if "scope" in form else allowed.scopes
        if not asked <= allowed.scopes:
            raise Refused(400, "invalid_scope", "Some requested scopes were invalid.")
        scope = " ".join(sorted(asked))
        token = self._issue("you", asked)
        return {"access_token": token, "expires_in": HOUR - 1, "scope": scope, "token_type": "Bearer"}

    def _page(self, query: Form) -> str:
        """Where the consent page sends the browser."""
        redirect = query.get("redirect_uri", "")
        if query.get("client_id") not in self.clients:
            raise Refused(401, "invalid_client", "The OAuth client was not found.")
        if query.get("response_type") != "code" or not ON_THIS_MACHINE.fullmatch(redirect):
            raise Refused(400, "redirect_uri_mismatch", "Bad Request")
        state = {"state": query.get("state", "")}
        if self.consent == "no":
            return f"{redirect}?{urlencode(state | {'error': 'access_denied'})}"
        scopes = scoped(query.get("scope", "")) if self.consent == "yes" else frozenset({f"{GOOGLE}userinfo.email"})
        code = f"4/{secrets.token_urlsafe(24)}"
        # Google gives a refresh token with the very first consent only, or when the page is forced
        lasting = query.get("access_type") == "offline" and query.get("prompt") == "consent"
        self.codes[code] = Consent(query["client_id"], scopes, redirect, query.get("code_challenge", ""), lasting)
        return f"{redirect}?{urlencode(state | {'code': code, 'scope': ' '.join(sorted(scopes))})}"

    def _by_code(self, form: Form) -> Body:
        client = self._client(form)
        allowed = self.codes.pop(form.get("code", ""), None)  # good once
        if allowed is None or allowed.client != client:
            raise Refused(400, "invalid_grant", "Malformed auth code.")
        if allowed.redirect != form.get("redirect_uri"):
            raise Refused(400, "redirect_uri_mismatch", "Bad Request")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if allowed.challenge and allowed.challenge != encoded(digest):
            raise Refused(400, "invalid_grant", "Invalid code verifier.")
        answer: Body = {
            "access_token": self._issue("you", allowed.scopes), "expires_in": HOUR - 1, "token_type": "Bearer",
            "scope": " ".join(sorted(allowed.scopes)),
        }  # fmt: skip
        if allowed.lasting:
            answer["refresh_token"] = refresh = f"1//{secrets.token_urlsafe(32)}"
            self.people[refresh] = Consent(client, allowed.scopes)
        return answer

    # ------------------------------------------------------------ federation

    def _exchange(self, form: Form) -> Body:
        if form.get("grant_type") != EXCHANGE:
            raise Refused(400, "unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}")
        audience = form.get("audience", "")
        if audience not in self.providers:
            raise Refused(
                400, "invalid_target", 'The target service indicated by the "audience" parameters is invalid. '
                "This might either be because the pool or provider is disabled or deleted or because it doesn't exist.",
            )  # fmt: skip
        issuer, key = self.providers[audience]
        _, claims, signed = taken_apart(form.get("subject_token", ""))
        if claims.get("iss") != issuer:
            said = f"The issuer in ID Token {claims.get('iss')} does not match the expected ones: {issuer}"
            raise Refused(400, "invalid_grant", said)
        if not signed(key):
            raise Refused(400, "invalid_grant", "Invalid ID Token signature.")
        if claims.get("aud") != f"https:{audience}":
            said = (
                f"The audience in ID Token [{claims.get('aud')}] does not match the expected audience https:{audience}."
            )
            raise Refused(400, "invalid_grant", said)
        if not self._timely(claims):
            raise Refused(400, "invalid_grant", f"ID Token issued at {claims.get('iat')} is stale to sign-in.")
        return {
            "access_token": self._issue(f"{audience}#{claims.get('sub')}", scoped(form.get("scope", ""))),
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "token_type": "Bearer",
            "expires_in": HOUR - 1,
        }

    def _act(self, account: str, headers: Mapping[str, str], asked: Mapping[str, object]) -> Body:
        grant = self._granted(headers.get("Authorization") or headers.get("authorization"))
        if not grant.scopes & GOOD_FOR_ACTING or (grant.who, account) not in self.acting:
            raise Denied(
                403, "PERMISSION_DENIED",
                "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
                "IAM_PERMISSION_DENIED", permission="iam.serviceAccounts.getAccessToken",
            )  # fmt: skip
        scopes = asked.get("scope")
        lifetime = re.fullmatch(r"(\d{1,4})s", str(asked.get("lifetime", f"{HOUR}s")))
        if not isinstance(scopes, list) or not lifetime or not 0 < int(lifetime[1]) <= HOUR:
            raise Denied(400, "INVALID_ARGUMENT", "Request contains an invalid argument.")
        token = self._issue(account, scoped(" ".join(scopes)))
        until = datetime.fromtimestamp(self.now() + int(lifetime[1]), UTC)
        return {"accessToken": token, "expireTime": until.strftime("%Y-%m-%dT%H:%M:%SZ")}

    # ------------------------------------------------------------ files to sign in with

    def samples(self, folder: Path, base: str) -> dict[str, Path]:
        """One file of each kind in *folder*, for the server at *base*: to try each way by hand."""
        return {
            "key": self.key_file(folder, base),
            "federation": self.federation(folder, base, "nightly@demo-service.iam.gserviceaccount.com"),
            "user": self.user_file(folder, base),
            "client": self.client_file(folder, base),
        }

    def key_file(self, folder: Path, base: str, email: str = "sync@demo-service.iam.gserviceaccount.com") -> Path:
        """A service account's key, as the console gives it."""
        key_id = secrets.token_hex(20)
        self.keys.setdefault(email, {})[key_id] = private_key(email).public_key()
        return written(folder / "service-account.json", {
            "type": "service_account", "project_id": "demo-service", "private_key_id": key_id,
            "private_key": pem(private_key(email)), "client_email": email, "client_id": "100000000000000000001",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth", "token_uri": f"{base}/token",
            "universe_domain": "googleapis.com",
        })  # fmt: skip

    def federation(self, folder: Path, base: str, email: str | None = None, name: str = "scheduler") -> Path:
        """A hosted scheduler's configuration and, beside it, its job's token; *email*: the account to act as.

        The account is granted; take it out of `acting` for a role that is missing.
        """
        audience, issuer = PROVIDER.format(name), f"https://token.{name}.example"
        self.providers[audience] = issuer, private_key(issuer).public_key()
        token = folder / f"{name}.jwt"
        token.write_text(self.job_token(name), encoding="utf-8")
        config: Body = {
            "type": "external_account", "audience": audience, "token_url": f"{base}/v1/token",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "credential_source": {"file": str(token)},
        }  # fmt: skip
        if email:
            self.acting.add((f"{audience}#job", email))
            acting = f"{base}/v1/projects/-/serviceAccounts/{email}:generateAccessToken"
            config["service_account_impersonation_url"] = acting
        return written(folder / f"{name}.json", config, mode=0o644)  # it holds no secret

    def job_token(self, name: str = "scheduler", **other: object) -> str:
        """The token that the scheduler *name* gives its job; *other* claims make it a wrong one."""
        issuer, now = f"https://token.{name}.example", int(self.now())
        aud = f"https:{PROVIDER.format(name)}"
        claims = {"iss": issuer, "aud": aud, "sub": "job", "iat": now, "exp": now + 600} | other
        return signed_jwt(claims, private_key(issuer))

    def client_file(self, folder: Path, base: str) -> Path:
        """The OAuth client of a desktop application."""
        return written(folder / "client.json", {"installed": {
            **self._new_client(), "project_id": "demo-service", "auth_uri": f"{base}/o/oauth2/auth",
            "token_uri": f"{base}/token", "redirect_uris": ["http://localhost"],
        }})  # fmt: skip

    def user_file(self, folder: Path, base: str, scope: str = SHEETS) -> Path:
        """A person's sign-in, as it is stored."""
        client, refresh = self._new_client(), f"1//{secrets.token_urlsafe(32)}"
        self.people[refresh] = Consent(client["client_id"], frozenset({scope}))
        return written(folder / "user.json", {
            "type": "authorized_user", **client, "refresh_token": refresh, "token_uri": f"{base}/token",
            "scopes": [scope],
        })  # fmt: skip

    def _new_client(self) -> dict[str, str]:
        client, secret = f"{secrets.randbelow(10**9)}.apps.googleusercontent.com", f"GOCSPX-{secrets.token_urlsafe(21)}"
        self.clients[client] = secret
        return {"client_id": client, "client_secret": secret}


# ---------------------------------------------------------------- keys and what they sign


@functools.cache
def private_key(name: str) -> rsa.RSAPrivateKey:  # noqa: ARG001 - what the cache goes by
    """The key of *name*: made anew in each process, so none is ever worth stealing."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey) -> str:
    """*key* as a key file holds it."""
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def signed_jwt(claims: Body, key: rsa.RSAPrivateKey) -> str:
    """*claims* signed with *key*."""
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    text = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    return f"{text}.{encoded(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def taken_apart(jwt: str) -> tuple[Body, Body, Callable[[rsa.RSAPublicKey], bool]]:
    """Header and claims of *jwt*, and the question whether a key signed it."""
    try:
        head, claims, signature = jwt.split(".")
        header, said, proof = dict(json.loads(decoded(head))), dict(json.loads(decoded(claims))), decoded(signature)
    except (ValueError, TypeError):
        raise Refused(400, "invalid_grant", "Invalid JWT: Failed to parse the assertion.") from None

    def signed(key: rsa.RSAPublicKey) -> bool:
        try:
            key.verify(proof, f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return header.get("alg") == "RS256"  # never “none”, never what the sender would like

    return header, said, signed


def by_name_and_password(headers: Mapping[str, str]) -> dict[str, str]:
    """The OAuth client, where it is not in the form but in the header, as some libraries prefer."""
    scheme, _, said = (headers.get("Authorization") or "").partition(" ")
    if scheme != "Basic":
        return {}
    client, _, secret = decoded(said).decode(errors="replace").partition(":")
    return {"client_id": client, "client_secret": secret}


def read_json(body: bytes) -> Body:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Denied(400, "INVALID_ARGUMENT", "Invalid JSON payload received.")
    return found


def scoped(text: str) -> frozenset[str]:
    """The scopes in *text*; at least one, and all of Google's."""
    scopes = frozenset(text.split())
    if not scopes or not all(scope.startswith(GOOGLE) for scope in scopes):
        raise Refused(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")
    return scopes


def written(path: Path, what: Body, mode: int = 0o600) -> Path:
    path.touch(mode=mode)
    path.chmod(mode)
    path.write_text(json.dumps(what, indent=2), encoding="utf-8")
    return path
