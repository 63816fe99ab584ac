use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The official municipality key (Amtlicher Gemeindeschlüssel): eight digits for a municipality, five for a
/// district (Kreis) or the city region (Städteregion). Text, because of the leading zero.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^([0-9]{5}|[0-9]{8})$"))]
pub struct Ags(String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a municipality key: five or eight digits are expected")]
pub struct AgsError(String);

impl Ags {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first five digits: the key of the district (Kreis), or that of an independent city without its zeros.
    pub fn district(&self) -> &str {
        &self.0[..5]
    }
}

impl FromStr for Ags {
    type Err = AgsError;
    fn from_str(text: &str) -> Result<Self, AgsError> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.len() {
            5 | 8 if digits => Ok(Self(text.to_owned())),
            // The text may come from outside with any length: the error must not carry all of it.
            _ => Err(AgsError(text.chars().take(20).collect())),
        }
    }
}

impl TryFrom<String> for Ags {
    type Error = AgsError;
    fn try_from(text: String) -> Result<Self, AgsError> {
        text.parse()
    }
}

impl From<Ags> for String {
    fn from(ags: Ags) -> String {
        ags.0
    }
}

impl fmt::Display for Ags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
