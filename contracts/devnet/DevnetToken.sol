// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token for the local chain
/// @notice Warning: anyone can mint. It exists so that a local chain can have tokens of any number
/// of decimals; it must never be deployed where its balance could be worth something.
contract DevnetToken is ERC20 {
    uint8 private immutable DECIMALS;

    /// @notice Creates a token of which there is nothing yet.
    /// @param name_ As shown to people.
    /// @param symbol_ As shown to people.
    /// @param decimals_ Digits behind the point of one whole token.
    constructor(string memory name_, string memory symbol_, uint8 decimals_) ERC20(name_, symbol_) {
        DECIMALS = decimals_;
    }

    /// @notice Creates tokens out of nothing.
    /// @param to Who receives them.
    /// @param amount In raw units.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @inheritdoc ERC20
    function decimals() public view override returns (uint8) {
        return DECIMALS;
    }
}
