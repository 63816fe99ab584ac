//! Typesets a notice, with the embedded templates and fonts only.

use crate::fonts::fonts;
use crate::missing::{Part, missing_parts};
use crate::notice::Notice;
use crate::{amount_in_words, breaks, glyphs, quotes};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdf {
    /// PDF 1.7, PDF/UA-1 and PDF/A-2a.
    pub bytes: Vec<u8>,
    /// SHA-256 of `bytes`, in lower-case hexadecimal.
    pub sha256: String,
    /// Number of pages.
    pub pages: usize,
}

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// Required parts are missing: see [`missing_parts`].
    #[error("the notice is not complete: {}", keys(.0))]
    Incomplete(Vec<Part>),
    /// The typesetter's messages; caused by a mistake in a template, not by the data.
    #[error("the notice cannot be typeset: {0}")]
    Typesetting(String),
}

/// Typesets a notice. The same notice always gives the same bytes; the only date in them is that of the notice. Takes
/// tens of milliseconds of CPU in a release build, so it must not run on an async worker thread.
pub fn render(notice: &Notice) -> Result<Pdf, LetterError> {
    let missing = missing_parts(notice);
    if !missing.is_empty() {
        return Err(LetterError::Incomplete(missing));
    }
    let document = typeset(notice)?;
    let options = PdfOptions {
        // The file number is no personal data: this becomes the hashed document id.
        ident: Smart::Custom(notice.letter().file_number.clone()),
        creator: Smart::Custom(Some("Bescheid".into())),
        standards: PdfStandards::new(&[PdfStandard::Ua_1, PdfStandard::A_2a])
            .expect("the two standards share PDF 1.7"),
        ..PdfOptions::default()
    };
    let bytes = typst_pdf::pdf(&document, &options).map_err(refused)?;
    Ok(Pdf { sha256: hex(&Sha256::digest(&bytes)), pages: document.pages().len(), bytes })
}

/// The laid-out pages of a complete notice.
fn typeset(notice: &Notice) -> Result<PagedDocument, LetterError> {
    let document = typst::compile(&NoticeWorld::new(notice)).output.map_err(refused);
    // typst's cache of earlier letters is of little use, and grows.
    typst::comemo::evict(2);
    document
}

/// All that typst can read: three templates, three fonts, and one notice as data. Texts reach it as JSON strings and
/// never as source, so they cannot be markup.
struct NoticeWorld {
    main: FileId,
    notice: Bytes,
}

impl NoticeWorld {
    fn new(notice: &Notice) -> Self {
        let mut data = json!({
            "notice": notice,
            "in_words": match notice {
                Notice::Award(award) => amount_in_words(award.amount_cents),
                Notice::Rejection(_) => String::new(),
            },
            "quoted_title": quotes::quoted(&notice.letter().project_title),
        });
        glyphs::make_printable(&mut data);
        glyphs::each_text(&mut data, &mut |text| *text = breaks::allow(text));
        let main = match notice {
            Notice::Award(_) => "award.typ",
            Notice::Rejection(_) => "rejection.typ",
        };
        Self { main: file(main), notice: Bytes::from_string(data.to_string()) }
    }
}

impl World for NoticeWorld {
    fn library(&self) -> &LazyHash<Library> {
        static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        static BOOK: LazyLock<LazyHash<FontBook>> =
            LazyLock::new(|| LazyHash::new(FontBook::from_fonts(fonts())));
        &BOOK
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        static SOURCES: LazyLock<[Source; 3]> = LazyLock::new(|| {
            [
                ("letter.typ", include_str!("../templates/letter.typ")),
                ("award.typ", include_str!("../templates/award.typ")),
                ("rejection.typ", include_str!("../templates/rejection.typ")),
            ]
            .map(|(name, text)| Source::new(file(name), text.into()))
        });
        SOURCES.iter().find(|source| source.id() == id).cloned().ok_or_else(|| not_here(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == file("notice.json") { Ok(self.notice.clone()) } else { Err(not_here(id)) }
    }

    fn font(&self, index: usize) -> Option<Font> {
        fonts().get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn file(name: &str) -> FileId {
    let path = VirtualPath::new(name).expect("the names of our own files are plain");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

fn not_here(id: FileId) -> FileError {
    FileError::NotFound(id.get().vpath().get_without_slash().into())
}

fn refused(reasons: impl IntoIterator<Item = SourceDiagnostic>) -> LetterError {
    let reasons: Vec<_> = reasons.into_iter().map(|reason| reason.message.to_string()).collect();
    LetterError::Typesetting(reasons.join("; "))
}

fn keys(parts: &[Part]) -> String {
    parts.iter().map(|part| part.key()).collect::<Vec<_>>().join(", ")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
