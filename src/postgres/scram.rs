//! Passwords as PostgreSQL stores them: SCRAM-SHA-256 verifiers (RFC 5802, RFC 7677), made on this side so that the password itself is never sent.

mod direction;
mod saslprep;

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use saslprep::saslprep;

/// Iterations of a new verifier where the server has no `scram_iterations` (before 16), and that parameter's default.
pub const DEFAULT_ITERATIONS: u32 = 4096;

/// The longest password in bytes: what libpq took before 14. Servers and newer clients have no limit.
pub const LONGEST: usize = 1024;

/// The longest verifier that every server stores.
const LONGEST_VERIFIER: usize = 512;

/// The most iterations of a verifier. It is the client that repeats them at each login, within the server's `authentication_timeout`; and a
/// role may store a verifier of its own, and must not keep whoever compares it busy.
pub const MOST_ITERATIONS: u32 = 1_000_000;

/// The server does not look at the bits beyond the last byte.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// A password, or the verifier of one, as a file holds it. It is never shown, and overwritten when dropped.
pub struct Secret(Zeroizing<String>);

/// Why bytes are no password. Says nothing of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Nothing, or a newline alone.
    #[error("it is empty, and a password can't be")]
    Empty,
    /// More than [`LONGEST`] bytes.
    #[error("it has more than {LONGEST} bytes")]
    TooLong,
    /// The protocol ends every string there.
    #[error("it has a NUL byte, which no password can have")]
    Nul,
    /// Clients normalize passwords as UTF-8.
    #[error("it is not UTF-8: write the password in UTF-8, or its SCRAM-SHA-256 verifier")]
    NotUtf8,
    /// A verifier with more than [`MOST_ITERATIONS`].
    #[error(
        "it is a verifier with more than {MOST_ITERATIONS} iterations, which every client would have to compute at each login"
    )]
    TooManyIterations,
}

/// What `pg_authid.rolpassword` holds for a role with a SCRAM password.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    /// How often the password was hashed.
    pub iterations: u32,
    /// What was hashed with it.
    pub salt: Vec<u8>,
    stored_key: [u8; 32],
    server_key: [u8; 32],
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(..)")
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SCRAM-SHA-256${}:{}${}:{}",
            self.iterations,
            BASE64.encode(&self.salt),
            BASE64.encode(self.stored_key),
            BASE64.encode(self.server_key)
        )
    }
}

impl Secret {
    /// The password in the bytes of a file: one newline at the end, LF or CRLF, is the file's and not the password's.
    pub fn from_bytes(bytes: &[u8]) -> Result<Secret, SecretError> {
        let bytes = match bytes {
            [line @ .., b'\r', b'\n'] | [line @ .., b'\n'] => line,
            all => all,
        };
        match std::str::from_utf8(bytes) {
            _ if bytes.is_empty() => Err(SecretError::Empty),
            _ if bytes.len() > LONGEST => Err(SecretError::TooLong),
            _ if bytes.contains(&0) => Err(SecretError::Nul),
            Ok(text) if Verifier::parse(text).is_some_and(|it| it.iterations > MOST_ITERATIONS) => {
                Err(SecretError::TooManyIterations)
            }
            Ok(text) => Ok(Secret(Zeroizing::new(text.to_owned()))),
            Err(_) => Err(SecretError::NotUtf8),
        }
    }

    /// The password, unless the file holds the verifier of one: nobody can log in with that.
    pub fn password(&self) -> Option<&str> {
        Verifier::parse(&self.0)
            .is_none()
            .then_some(self.0.as_str())
    }

    /// What the role has to have in `pg_authid.rolpassword`, given what it has: the same again if the password is the same, and otherwise a
    /// verifier with a salt of its own and this many iterations. A secret that is a verifier is that verifier.
    pub fn verifier(
        &self,
        stored: Option<&str>,
        iterations: u32,
    ) -> Result<String, getrandom::Error> {
        if Verifier::parse(&self.0).is_some() {
            return Ok(self.0.to_string());
        }
        let password = saslprep(&self.0);
        if let Some(text) = stored
            && let Some(stored) = Verifier::parse(text)
            && stored.iterations <= MOST_ITERATIONS
            && Verifier::new(&password, &stored.salt, stored.iterations) == stored
        {
            return Ok(text.to_owned());
        }
        let mut salt = [0; 16];
        getrandom::fill(&mut salt)?;
        Ok(Verifier::new(&password, &salt, iterations.clamp(1, MOST_ITERATIONS)).to_string())
    }
}

impl Verifier {
    /// The verifier in a stored password, which may also be an MD5 hash or nothing that the server knows.
    pub fn parse(stored: &str) -> Option<Verifier> {
        if stored.len() > LONGEST_VERIFIER {
            return None;
        }
        let (parameters, keys) = stored.strip_prefix("SCRAM-SHA-256$")?.split_once('$')?;
        let (iterations, salt) = parameters.split_once(':')?;
        let (stored_key, server_key) = keys.split_once(':')?;
        let digits = iterations.len() <= 9 && iterations.bytes().all(|byte| byte.is_ascii_digit());
        let salt = BASE64.decode(salt).ok().filter(|salt| !salt.is_empty())?;
        Some(Verifier {
            iterations: iterations
                .parse()
                .ok()
                .filter(|_| digits && !iterations.starts_with('0'))?,
            salt,
            stored_key: BASE64.decode(stored_key).ok()?.try_into().ok()?,
            server_key: BASE64.decode(server_key).ok()?.try_into().ok()?,
        })
    }

    /// The verifier of a password that is normalized already.
    fn new(password: &str, salt: &[u8], iterations: u32) -> Verifier {
        let mut salted = Zeroizing::new([0; 32]);
        pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), salt, iterations, &mut *salted);
        Verifier {
            iterations,
            salt: salt.to_vec(),
            stored_key: Sha256::digest(*hmac(&salted, b"Client Key")).into(),
            server_key: *hmac(&salted, b"Server Key"),
        }
    }
}

fn hmac(key: &[u8; 32], message: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    let mut hmac = Hmac::<Sha256>::new((&*block).into());
    hmac.update(message);
    Zeroizing::new(hmac.finalize().into_bytes().into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Made by PostgreSQL's own `ALTER ROLE ... PASSWORD 'pencil'`.
    const PENCIL: &str = "SCRAM-SHA-256$4096:iTWNqEkd29AjBIj+xt5S7w==$/7Fu6tN3OIeYZPdKNH0Wb5qK4R6QLN12XysHrbm1cIs=:1h67P8x/PUofMgY/Lz0kwqSApEirQ4wOQcMob9VqcFc=";

    fn verifier(bytes: &[u8], stored: Option<&str>) -> String {
        let secret = Secret::from_bytes(bytes).unwrap();
        secret.verifier(stored, DEFAULT_ITERATIONS).unwrap()
    }

    #[test]
    fn an_unchanged_password_gives_the_stored_verifier() {
        assert_eq!(verifier(b"pencil", Some(PENCIL)), PENCIL);
        assert_eq!(verifier(b"pencil\n", Some(PENCIL)), PENCIL);
        assert_eq!(verifier(b"pencil\r\n", Some(PENCIL)), PENCIL);
    }

    #[test]
    fn another_password_gets_another_salt() {
        let stored = Verifier::parse(PENCIL).unwrap();
        for other in [&b"Pencil"[..], b"pencil\n\n", b"pencil\r", b" pencil"] {
            let made = Verifier::parse(&verifier(other, Some(PENCIL))).unwrap();
            assert_ne!(made.salt, stored.salt);
            assert_ne!(made.stored_key, stored.stored_key);
        }
        assert_ne!(verifier(b"pencil", None), verifier(b"pencil", None));
    }

    #[test]
    fn a_verifier_is_used_as_it_is() {
        assert_eq!(verifier(PENCIL.as_bytes(), None), PENCIL);
        let broken = PENCIL.replace("$4096", "$04096");
        assert_ne!(verifier(broken.as_bytes(), None), broken);
        assert_eq!(Verifier::parse(PENCIL).unwrap().to_string(), PENCIL);
    }

    #[test]
    fn a_verifier_that_would_take_minutes_is_replaced() {
        let slow = PENCIL.replace("$4096", "$999999999");
        assert!(verifier(b"pencil", Some(&slow)).starts_with("SCRAM-SHA-256$4096:"));
    }

    #[test]
    fn what_is_no_password_is_told_without_showing_it() {
        let refused = |bytes: &[u8]| Secret::from_bytes(bytes).unwrap_err();
        assert_eq!(refused(b""), SecretError::Empty);
        assert_eq!(refused(b"\n"), SecretError::Empty);
        assert_eq!(refused(b"a\0b"), SecretError::Nul);
        assert_eq!(refused(b"caf\xe9"), SecretError::NotUtf8);
        assert_eq!(refused(&[b'a'; LONGEST + 1]), SecretError::TooLong);
        let slow = PENCIL.replace("$4096", "$1000001");
        assert_eq!(refused(slow.as_bytes()), SecretError::TooManyIterations);
        let slowest = PENCIL.replace("$4096", "$1000000");
        assert_eq!(verifier(slowest.as_bytes(), None), slowest);
        assert!(Secret::from_bytes(&[&[b'a'; LONGEST][..], b"\r\n"].concat()).is_ok());
        assert_eq!(
            format!("{:?}", Secret::from_bytes(b"hidden").unwrap()),
            "Secret(..)"
        );
    }
}
