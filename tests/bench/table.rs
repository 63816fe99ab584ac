//! The result.

/// The middle one.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    quantile(values, 0.5)
}

/// The value below which this share lies.
pub fn quantile(values: impl Iterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
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

    /// A ratio that should be at least `target`.
    pub fn at_least(&mut self, what: &str, measured: String, ratio: f64, target: f64) {
        self.row(what, measured, format!("{ratio:.2}"), format!("≥ {target}"), Some(ratio >= target));
    }

    /// A figure that should be below `target`.
    pub fn below(&mut self, what: &str, measured: String, figure: f64, target: f64, unit: &str) {
        self.row(
            what,
            measured,
            format!("{figure:.2} {unit}"),
            format!("< {target} {unit}"),
            Some(figure < target),
        );
    }

    fn row(&mut self, what: &str, measured: String, figure: String, target: String, met: Option<bool>) {
        self.0.push(Row { what: what.to_owned(), measured, figure, target, met });
    }

    pub fn print(&self) {
        println!();
        for Row { what, measured, figure, target, met } in &self.0 {
            let met = met.map_or("", |met| if met { "met" } else { "not met" });
            println!("{what:<58} {measured:>22} {figure:>10} {target:>10}  {met}");
        }
    }
}
