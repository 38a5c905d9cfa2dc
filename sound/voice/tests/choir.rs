//! The embedded singers keep the contract of singers.

use yuefu_voice::neural::choir;
use yuefu_voice::{Singer, contract};

#[test]
fn every_singer_keeps_the_contract() {
    let singers = choir().unwrap();
    assert_eq!(singers.len(), 5);
    let mut wrong = Vec::new();
    for singer in &singers {
        let id = &singer.profile().id;
        let found = contract::check(singer);
        wrong.extend(found.into_iter().map(|fault| format!("{id}: {fault}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
