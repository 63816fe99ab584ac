//! The accounts of all services: is everything that was said heard, held or parked, once?

use anyhow::Result;
use bus::control::{Conservation, ControlError, FactName, Operator, Order, Pair};
use events::Service;
use futures_util::future::join_all;

/// What the services say when asked at one moment.
#[derive(Clone, Debug)]
pub struct Accounts {
    /// Of each service that answered.
    pub of: Vec<(Service, Conservation)>,
    /// Which did not, and why.
    pub silent: Vec<(Service, String)>,
}

/// How a pair stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Everything is accounted for.
    Even,
    /// So many facts are on their way.
    UnderWay(i64),
    /// Something was lost, or counted twice.
    Wrong,
}

/// How this pair stands.
pub fn standing(pair: &Pair) -> Standing {
    let open = pair.said - pair.heard - pair.held - pair.parked;
    match open {
        _ if pair.is_conserved() => Standing::Even,
        1.. if pair.missing_count == 0 && pair.forked == 0 && pair.doubled == 0 => Standing::UnderWay(open),
        _ => Standing::Wrong,
    }
}

impl Accounts {
    /// Asks every service; each compares everything it has said with every hearer.
    pub async fn gather(operator: &Operator) -> Self {
        let asked = Service::ALL.map(|service| async move {
            (service, operator.order::<Conservation>(service, &Order::Conservation).await)
        });
        let mut accounts = Self { of: Vec::new(), silent: Vec::new() };
        for (service, answer) in join_all(asked).await {
            match answer {
                Ok(conservation) => accounts.of.push((service, conservation)),
                Err(error) => accounts.silent.push((service, why(&error))),
            }
        }
        accounts
    }

    /// Every sayer with every hearer.
    pub fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.of.iter().flat_map(|(_, accounts)| &accounts.pairs)
    }

    /// Applications that intake has acknowledged.
    pub fn accepted(&self) -> i64 {
        let intake = self.of.iter().find(|(service, _)| *service == Service::Intake);
        intake.and_then(|(_, accounts)| accounts.said.get("application-submitted")).copied().unwrap_or(0)
    }

    /// Applications that a service keeps, over all states.
    pub fn kept(accounts: &Conservation) -> i64 {
        accounts.states.values().sum()
    }

    /// Each thing that is wrong, in a sentence.
    pub fn wrong(&self) -> Vec<String> {
        let mut wrong: Vec<String> =
            self.silent.iter().map(|(service, why)| format!("{service}: {why}")).collect();
        for (service, accounts) in &self.of {
            for hearer in &accounts.silent {
                wrong.push(format!("{hearer} did not answer {service}"));
            }
            let kept = Self::kept(accounts);
            if kept > self.accepted() {
                wrong.push(format!("{service} keeps {kept} applications, {} were accepted", self.accepted()));
            }
        }
        for pair in self.pairs().filter(|pair| standing(pair) == Standing::Wrong) {
            let between = format!("{} → {}", pair.sayer, pair.hearer);
            for FactName { kind, key, version, .. } in &pair.missing {
                wrong.push(format!(
                    "{between}: {kind} (number {version} of {key}) was lost on the way; it is published again"
                ));
            }
            let unnamed = pair.missing_count - pair.missing.len();
            if unnamed > 0 {
                wrong.push(format!(
                    "{between}: {unnamed} more were lost on the way; they are published again"
                ));
            }
            if pair.forked > 0 {
                wrong.push(format!("{between}: {} numbers were given twice; see `parked list`", pair.forked));
            }
            if pair.doubled > 0 {
                wrong.push(format!("{between}: {} facts are noted twice", pair.doubled));
            }
            let open = pair.said - pair.heard - pair.held - pair.parked;
            if open < 0 {
                wrong.push(format!("{between}: {} more were heard than said", -open));
            }
        }
        wrong
    }

    /// Facts on their way between all pairs.
    pub fn under_way(&self) -> i64 {
        self.pairs()
            .map(|pair| match standing(pair) {
                Standing::UnderWay(facts) => facts,
                _ => 0,
            })
            .sum()
    }
}

fn why(error: &ControlError) -> String {
    error.to_string()
}

/// `bescheid verify`: prints the accounts; an error when something is wrong.
pub async fn verify(operator: &Operator) -> Result<()> {
    let accounts = Accounts::gather(operator).await;
    println!(
        "{:<14}{:<14}{:>10}{:>10}{:>8}{:>8}{:>12}",
        "says", "hears", "said", "heard", "held", "parked", "on the way"
    );
    for pair in accounts.pairs() {
        let open = match standing(pair) {
            Standing::Even => "–".to_owned(),
            Standing::UnderWay(facts) => facts.to_string(),
            Standing::Wrong => "WRONG".to_owned(),
        };
        println!(
            "{:<14}{:<14}{:>10}{:>10}{:>8}{:>8}{:>12}",
            pair.sayer.name(),
            pair.hearer.name(),
            pair.said,
            pair.heard,
            pair.held,
            pair.parked,
            open
        );
    }
    println!("\n{} applications accepted", accounts.accepted());
    for (service, of) in &accounts.of {
        let states: Vec<String> = of.states.iter().map(|(state, count)| format!("{count} {state}")).collect();
        println!("  {:<13}{:>8} = {}", service.name(), Accounts::kept(of), states.join(" + "));
    }
    let wrong = accounts.wrong();
    if wrong.is_empty() {
        let open = accounts.under_way();
        match open {
            0 => println!("\nWhat was said is heard, held or parked, once: lost 0, doubled 0."),
            _ => println!("\nNothing is lost or doubled; {open} facts are on their way."),
        }
        return Ok(());
    }
    anyhow::bail!("the accounts do not balance:\n  {}", wrong.join("\n  "))
}
