//! The embedded fonts.

use std::sync::LazyLock;

use typst::foundations::Bytes;
use typst::text::Font;

/// In order of preference: Regular and Semibold of Source Sans set the letter; Noto Sans has the characters of rare
/// names that Source Sans lacks.
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
