//! Facts and rows of facts in few bits, since a check keeps every state it has seen in memory.

use std::fmt;

/// A fact: its application, its version, and whether it was logged after a restore. Then it is `forked`: its id
/// differs from that of the earlier fact with the same version.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fact(u8);

impl Fact {
    pub const fn new(application: u8, version: u8, forked: bool) -> Self {
        Self(version | application << 2 | (forked as u8) << 3)
    }

    pub fn application(self) -> u8 {
        self.0 >> 2 & 1
    }

    pub fn version(self) -> u8 {
        self.0 & 3
    }

    pub fn forked(self) -> bool {
        self.0 & 8 != 0
    }

    /// A different bit for each fact.
    pub fn bit(self) -> u16 {
        1 << self.0
    }

    /// The same fact of the other application.
    pub fn mirrored(self) -> Self {
        Self(self.0 ^ 4)
    }
}

impl fmt::Debug for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let application = ["a", "b"][usize::from(self.application())];
        write!(f, "{application}{}{}", self.version(), if self.forked() { "'" } else { "" })
    }
}

/// Up to 16 facts in a row, four bits each; no fact is 0.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Row(u64);

impl Row {
    pub fn len(self) -> u8 {
        (u64::BITS - self.0.leading_zeros()).div_ceil(4) as u8
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn get(self, place: u8) -> Fact {
        Fact((self.0 >> (4 * place) & 0xf) as u8)
    }

    pub fn push(&mut self, fact: Fact) {
        assert!(self.len() < 16, "the bounds of this check are too wide");
        self.0 |= u64::from(fact.0) << (4 * self.len());
    }

    pub fn keep_first(&mut self, count: u8) {
        self.0 &= (1 << (4 * count)) - 1;
    }

    pub fn drop_first(&mut self, count: u8) {
        self.0 >>= 4 * count;
    }

    pub fn facts(self) -> impl Iterator<Item = Fact> {
        (0..self.len()).map(move |place| self.get(place))
    }

    /// The same row of the other application's facts.
    pub fn mirrored(self) -> Self {
        self.facts().map(Fact::mirrored).collect()
    }
}

impl FromIterator<Fact> for Row {
    fn from_iter<T: IntoIterator<Item = Fact>>(facts: T) -> Self {
        let mut row = Self::default();
        facts.into_iter().for_each(|fact| row.push(fact));
        row
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.facts()).finish()
    }
}
