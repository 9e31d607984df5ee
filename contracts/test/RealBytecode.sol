// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CommonBase} from "forge-std/Base.sol";

/// @dev Deploys the bytecode that the protocols publish on npm, which is the one on mainnet.
abstract contract RealBytecode is CommonBase {
    string private constant PACKAGES = "node_modules/";

    error NotDeployed(string path);

    function _deploy(string memory path, bytes memory arguments) internal returns (address made) {
        string memory json = vm.readFile(string.concat(PACKAGES, path));
        string memory published = vm.parseJsonString(json, ".bytecode");
        bool prefixed = vm.indexOf(published, "0x") == 0;
        string memory code = prefixed ? published : string.concat("0x", published);
        bytes memory init = abi.encodePacked(vm.parseBytes(code), arguments);
        assembly ("memory-safe") {
            made := create(0, add(init, 32), mload(init))
        }
        if (made == address(0)) revert NotDeployed(path);
    }

    function _deployWeth() internal returns (address) {
        return _deploy("canonical-weth/build/contracts/WETH9.json", "");
    }

    function _deployPairFactory() internal returns (address) {
        bytes memory feeToSetter = abi.encode(address(0));
        return _deploy("@uniswap/v2-core/build/UniswapV2Factory.json", feeToSetter);
    }

    function _deployConcentratedFactory() internal returns (address) {
        string memory folder = "@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/";
        return _deploy(string.concat(folder, "UniswapV3Factory.json"), "");
    }

    function _deployVault(address weth) internal returns (address) {
        string memory folder = "@balancer-labs/v2-deployments/dist/tasks/20210418-vault/";
        bytes memory arguments = abi.encode(address(this), weth, 0, 0);
        return _deploy(string.concat(folder, "artifact/Vault.json"), arguments);
    }
}
