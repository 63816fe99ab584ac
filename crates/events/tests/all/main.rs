//! What is checked in of the contract, against the code.

mod contract;
