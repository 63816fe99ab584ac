//! The documents of the contract in the repository, compared with the code.

mod contract;
