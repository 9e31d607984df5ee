// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ArbitrageExecutor} from "../../src/ArbitrageExecutor.sol";

/// @dev Does not take ether.
contract RefusingCoinbase {
    error NoThanks();

    receive() external payable {
        revert NoThanks();
    }
}

/// @dev Burns whatever gas it is given.
contract BurningCoinbase {
    uint256 public burnt;

    receive() external payable {
        while (true) ++burnt;
    }
}

/// @dev Calls back during the tip, and takes the tip whatever comes of that.
contract ReentrantCoinbase {
    ArbitrageExecutor public executor;
    bytes public call;
    bool public succeeded;
    bytes public answer;

    function own(ArbitrageExecutor executor_) external {
        executor = executor_;
        executor.acceptOwnership();
    }

    function start(bytes calldata plan, bytes calldata call_) external {
        call = call_;
        executor.execute(plan);
    }

    receive() external payable {
        (succeeded, answer) = address(executor).call(call);
    }
}
