//! Very large JSON bodies without the memory for them: a plain one, and one packed small.
//!
//! Only the pieces are made here; `wire` sends them.

use flate2::{Compress, Compression, Crc, FlushCompress};

const START: &[u8] =
    b"{\"total_count\":7,\"incomplete_results\":false,\"items\":[{\"description\":\"";
const END: &[u8] = b"\"}]}";
const BLOCK_LENGTH: usize = 1024 * 1024;
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// A body as a start, a block that is repeated, and an end.
#[derive(Debug)]
pub(crate) struct Filler {
    /// Sent first.
    pub(crate) start: Vec<u8>,
    /// Sent [`Filler::blocks`] times.
    pub(crate) block: Vec<u8>,
    /// How often the block is sent.
    pub(crate) blocks: u64,
    /// Sent last.
    pub(crate) end: Vec<u8>,
}

impl Filler {
    /// Makes a page of results of `bytes` bytes (a few dozen at least), one very long description.
    pub(crate) fn plain(bytes: u64) -> Self {
        let filling = bytes.saturating_sub((START.len() + END.len()) as u64);
        let block_length = BLOCK_LENGTH as u64;
        let rest = usize::try_from(filling % block_length).unwrap_or_default();
        Self {
            start: START.to_vec(),
            block: vec![b'x'; BLOCK_LENGTH],
            blocks: filling / block_length,
            end: [&vec![b'x'; rest], END].concat(),
        }
    }

    /// Makes the same page as one gzip stream, about a thousand times smaller.
    ///
    /// Every piece is compressed on its own and ends at a whole byte, so that repeating the packed
    /// block repeats the block.
    pub(crate) fn packed(bytes: u64) -> Self {
        let plain = Self::plain(bytes);
        let mut sum = checksum(&plain.start);
        let block_sum = checksum(&plain.block);
        for _ in 0..plain.blocks {
            sum.combine(&block_sum);
        }
        sum.combine(&checksum(&plain.end));

        let mut end = deflate(&plain.end, FlushCompress::Finish);
        end.extend(sum.sum().to_le_bytes());
        end.extend(sum.amount().to_le_bytes());
        Self {
            start: [&GZIP_HEADER[..], &deflate(&plain.start, FlushCompress::Full)].concat(),
            block: deflate(&plain.block, FlushCompress::Full),
            blocks: plain.blocks,
            end,
        }
    }

    /// Returns the number of bytes to send.
    pub(crate) fn length(&self) -> u64 {
        (self.start.len() + self.end.len()) as u64 + self.blocks * self.block.len() as u64
    }
}

fn checksum(bytes: &[u8]) -> Crc {
    let mut sum = Crc::new();
    sum.update(bytes);
    sum
}

fn deflate(bytes: &[u8], flush: FlushCompress) -> Vec<u8> {
    let mut packed = Vec::with_capacity(bytes.len() + 1024);
    Compress::new(Compression::best(), false)
        .compress_vec(bytes, &mut packed, flush)
        .expect("a fresh compressor takes any bytes");
    packed
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn whole(filler: &Filler) -> Vec<u8> {
        let blocks = filler.block.repeat(usize::try_from(filler.blocks).expect("a few"));
        [&filler.start[..], &blocks, &filler.end].concat()
    }

    #[test]
    fn packed_and_plain_are_the_same_json() {
        let bytes = 2 * BLOCK_LENGTH as u64 + 12_345;
        let plain = whole(&Filler::plain(bytes));
        assert_eq!(plain.len() as u64, bytes);
        assert_eq!(Filler::plain(bytes).length(), bytes);
        serde_json::from_slice::<serde_json::Value>(&plain).expect("JSON");

        let packed = whole(&Filler::packed(bytes));
        assert_eq!(packed.len() as u64, Filler::packed(bytes).length());
        assert!(packed.len() < plain.len() / 500, "{}", packed.len());
        let mut unpacked = Vec::new();
        GzDecoder::new(&packed[..]).read_to_end(&mut unpacked).expect("one whole gzip stream");
        assert!(unpacked == plain);
    }
}
