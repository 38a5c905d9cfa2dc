//! Hibari keeps the contract of singers.

use yuefu_hibari::Hibari;
use yuefu_voice::contract;

#[test]
fn hibari_keeps_the_contract() {
    let wrong = contract::check(&Hibari::load().unwrap());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
