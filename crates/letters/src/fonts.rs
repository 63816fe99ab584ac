//! The fonts that come with this binary.

use std::sync::LazyLock;

use typst::foundations::Bytes;
use typst::text::Font;

/// The fonts, the first one preferred. Regular and Semibold set the letter; Noto Sans has
/// what rare names need and Source Sans lacks.
pub(crate) fn fonts() -> &'static [Font] {
    static FONTS: LazyLock<[Font; 3]> = LazyLock::new(|| {
        [
            include_bytes!("../fonts/SourceSans3-Regular.otf").as_slice(),
            include_bytes!("../fonts/SourceSans3-Semibold.otf"),
            include_bytes!("../fonts/NotoSans-Regular.ttf"),
        ]
        .map(|file| Font::new(Bytes::new(file), 0).expect("the font came with this binary"))
    });
    &*FONTS
}
