//! Any bytes as a row of the store: no panic, and what was accepted is the same
//! after it was written and read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mqx::broker::store::{Table, read_row, write_row};

fuzz_target!(|row: (u8, Vec<u8>, Vec<u8>)| {
    let table = Table::ALL[usize::from(row.0) % Table::ALL.len()];
    let Ok(record) = read_row(table, &row.1, &row.2) else {
        return;
    };
    let written = write_row(&record).expect("it was read, so it can be written");
    let (again, key, value) = written.expect("a row that is there");
    assert_eq!(again, table);
    assert_eq!(read_row(table, &key, &value), Ok(record));
});
