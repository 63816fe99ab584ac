//! The result.

/// The middle one.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    quantile(values, 0.5)
}

/// The value below which this share lies.
pub fn quantile(values: impl IntoIterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
}

/// The median of the rounds, and in brackets the least and the greatest.
pub fn spread(rounds: &[f64], digits: usize) -> String {
    let [least, middle, greatest] = [0.0, 0.5, 1.0].map(|share| quantile(rounds.iter().copied(), share));
    match rounds {
        [_] => format!("{middle:.digits$}"),
        _ => format!("{middle:.digits$} [{least:.digits$}–{greatest:.digits$}]"),
    }
}

struct Row {
    what: String,
    measured: String,
    figure: String,
    target: String,
    met: Option<bool>,
}

/// Lines of figures, with what was aimed at.
#[derive(Default)]
pub struct Table(Vec<Row>);

impl Table {
    /// A line without a target.
    pub fn line(&mut self, what: &str, measured: String) {
        self.row(what, measured, String::new(), String::new(), None);
    }

    /// A ratio, one for each round, whose median should be at least `target`.
    pub fn at_least(&mut self, what: &str, measured: String, ratios: &[f64], target: f64) {
        let met = median(ratios.iter().copied()) >= target;
        self.row(what, measured, spread(ratios, 2), format!("≥ {target}"), Some(met));
    }

    /// A figure, one for each round, whose median should be at most `target`.
    pub fn at_most(&mut self, what: &str, measured: String, figures: &[f64], target: f64, unit: &str) {
        let met = median(figures.iter().copied()) <= target;
        self.row(
            what,
            measured,
            format!("{} {unit}", spread(figures, 2)),
            format!("≤ {target} {unit}"),
            Some(met),
        );
    }

    fn row(&mut self, what: &str, measured: String, figure: String, target: String, met: Option<bool>) {
        self.0.push(Row { what: what.to_owned(), measured, figure, target, met });
    }

    pub fn print(&self) {
        println!();
        for Row { what, measured, figure, target, met } in &self.0 {
            let met = met.map_or("", |met| if met { "met" } else { "not met" });
            println!("{what:<52} {measured:>26} {figure:>24} {target:>9}  {met}");
        }
    }
}
