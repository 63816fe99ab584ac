//! The reconciliation of all services: is every fact that was logged consumed, held or parked, once?

use anyhow::Result;
use bus::control::{Command, ControlError, FactName, Operator, Pair, Reconciliation};
use events::Service;
use futures_util::future::join_all;

/// The answers of all services to one request.
#[derive(Clone, Debug)]
pub struct Reconciliations {
    /// The services that answered.
    pub of: Vec<(Service, Reconciliation)>,
    /// The services that did not, and why.
    pub silent: Vec<(Service, String)>,
}

/// The state of a pair of publisher and consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balance {
    /// Everything is accounted for.
    Balanced,
    /// This many facts are on their way.
    UnderWay(i64),
    /// A fact was lost or duplicated.
    Wrong,
}

pub fn balance(pair: &Pair) -> Balance {
    let open = pair.logged - pair.consumed - pair.held - pair.parked;
    match open {
        _ if pair.is_balanced() => Balance::Balanced,
        1.. if pair.missing_count == 0 && pair.version_conflicts == 0 && pair.duplicates == 0 => {
            Balance::UnderWay(open)
        }
        _ => Balance::Wrong,
    }
}

impl Reconciliations {
    /// Asks every service; each compares its whole event log with every consumer.
    pub async fn gather(operator: &Operator) -> Self {
        let asked = Service::ALL.map(|service| async move {
            (service, operator.execute::<Reconciliation>(service, &Command::Reconciliation).await)
        });
        let mut reconciliation = Self { of: Vec::new(), silent: Vec::new() };
        for (service, answer) in join_all(asked).await {
            match answer {
                Ok(own) => reconciliation.of.push((service, own)),
                Err(error) => reconciliation.silent.push((service, why(&error))),
            }
        }
        reconciliation
    }

    /// Every pair of publisher and consumer.
    pub fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.of.iter().flat_map(|(_, reconciliation)| &reconciliation.pairs)
    }

    /// Number of applications that intake has acknowledged.
    pub fn accepted(&self) -> i64 {
        let intake = self.of.iter().find(|(service, _)| *service == Service::Intake);
        intake
            .and_then(|(_, reconciliation)| reconciliation.logged.get("application-submitted"))
            .copied()
            .unwrap_or(0)
    }

    /// Number of applications that a service stores, in all states.
    pub fn kept(reconciliation: &Reconciliation) -> i64 {
        reconciliation.states.values().sum()
    }

    /// Problems, one sentence each.
    pub fn wrong(&self) -> Vec<String> {
        let mut wrong: Vec<String> =
            self.silent.iter().map(|(service, why)| format!("{service}: {why}")).collect();
        for (service, reconciliation) in &self.of {
            for consumer in &reconciliation.silent {
                wrong.push(format!("{consumer} did not answer {service}"));
            }
            let kept = Self::kept(reconciliation);
            if kept > self.accepted() {
                wrong.push(format!("{service} keeps {kept} applications, {} were accepted", self.accepted()));
            }
        }
        for pair in self.pairs().filter(|pair| balance(pair) == Balance::Wrong) {
            let between = format!("{} → {}", pair.publisher, pair.consumer);
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
            if pair.version_conflicts > 0 {
                wrong.push(format!(
                    "{between}: {} numbers were given twice; see `parked list`",
                    pair.version_conflicts
                ));
            }
            if pair.duplicates > 0 {
                wrong.push(format!("{between}: {} facts are noted twice", pair.duplicates));
            }
            let open = pair.logged - pair.consumed - pair.held - pair.parked;
            if open < 0 {
                wrong.push(format!("{between}: {} more were consumed than logged", -open));
            }
        }
        wrong
    }

    /// Number of facts on their way between all pairs.
    pub fn under_way(&self) -> i64 {
        self.pairs()
            .map(|pair| match balance(pair) {
                Balance::UnderWay(facts) => facts,
                _ => 0,
            })
            .sum()
    }
}

fn why(error: &ControlError) -> String {
    error.to_string()
}

/// `bescheid verify`: prints the reconciliation. `Err` if something is wrong.
pub async fn verify(operator: &Operator) -> Result<()> {
    let reconciliation = Reconciliations::gather(operator).await;
    println!(
        "{:<14}{:<14}{:>10}{:>10}{:>8}{:>8}{:>12}",
        "from", "to", "logged", "consumed", "held", "parked", "on the way"
    );
    for pair in reconciliation.pairs() {
        let open = match balance(pair) {
            Balance::Balanced => "–".to_owned(),
            Balance::UnderWay(facts) => facts.to_string(),
            Balance::Wrong => "WRONG".to_owned(),
        };
        println!(
            "{:<14}{:<14}{:>10}{:>10}{:>8}{:>8}{:>12}",
            pair.publisher.name(),
            pair.consumer.name(),
            pair.logged,
            pair.consumed,
            pair.held,
            pair.parked,
            open
        );
    }
    println!("\n{} applications accepted", reconciliation.accepted());
    for (service, of) in &reconciliation.of {
        let states: Vec<String> = of.states.iter().map(|(state, count)| format!("{count} {state}")).collect();
        println!("  {:<13}{:>8} = {}", service.name(), Reconciliations::kept(of), states.join(" + "));
    }
    let wrong = reconciliation.wrong();
    if wrong.is_empty() {
        let open = reconciliation.under_way();
        match open {
            0 => println!("\nWhat was logged is consumed, held or parked, once: lost 0, doubled 0."),
            _ => println!("\nNothing is lost or doubled; facts on their way: {open}."),
        }
        return Ok(());
    }
    anyhow::bail!("the reconciliation does not balance:\n  {}", wrong.join("\n  "))
}
