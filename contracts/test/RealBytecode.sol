// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CommonBase} from "forge-std/Base.sol";

/// @dev Deploys the bytecode that the protocols publish on npm, which is the one on mainnet.
abstract contract RealBytecode is CommonBase {
    string private constant PACKAGES = "node_modules/";
    string private constant BALANCER = "@balancer-labs/v2-deployments/dist/tasks/";
    string private constant UNISWAP_V4 = "@uniswap/v4-core/out/";

    error NotDeployed(string path);

    function _deploy(string memory path, bytes memory arguments) internal returns (address made) {
        return _deploy(path, ".bytecode", arguments);
    }

    function _deploy(
        string memory path,
        string memory key,
        bytes memory arguments
    ) internal returns (address made) {
        bytes memory init = abi.encodePacked(_creationCode(path, key), arguments);
        assembly ("memory-safe") {
            made := create(0, add(init, 32), mload(init))
        }
        if (made == address(0)) revert NotDeployed(path);
    }

    function _creationCode(
        string memory path,
        string memory key
    ) internal view returns (bytes memory) {
        string memory json = vm.readFile(string.concat(PACKAGES, path));
        string memory published = vm.parseJsonString(json, key);
        bool prefixed = vm.indexOf(published, "0x") == 0;
        return vm.parseBytes(prefixed ? published : string.concat("0x", published));
    }

    function _deployWeth() internal returns (address) {
        return _deploy("canonical-weth/build/contracts/WETH9.json", "");
    }

    function _deployPairFactory() internal returns (address) {
        bytes memory feeToSetter = abi.encode(address(0));
        return _deploy("@uniswap/v2-core/build/UniswapV2Factory.json", feeToSetter);
    }

    function _deployPancakeFactory() internal returns (address) {
        bytes memory feeToSetter = abi.encode(address(0));
        string memory path = "@pancakeswap-libs/pancake-swap-core/build/PancakeFactory.json";
        return _deploy(path, ".evm.bytecode.object", feeToSetter);
    }

    function _deployConcentratedFactory() internal returns (address) {
        string memory folder = "@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/";
        return _deploy(string.concat(folder, "UniswapV3Factory.json"), "");
    }

    function _concentratedInitCodeHash() internal view returns (bytes32) {
        string memory folder = "@uniswap/v3-core/artifacts/contracts/UniswapV3Pool.sol/";
        return keccak256(_creationCode(string.concat(folder, "UniswapV3Pool.json"), ".bytecode"));
    }

    function _deployVault(address weth) internal returns (address) {
        string memory path = string.concat(BALANCER, "20210418-vault/artifact/Vault.json");
        return _deploy(path, abi.encode(address(this), weth, 0, 0));
    }

    function _deployWeightedPoolFactory(address vault) internal returns (address) {
        string memory folder = "deprecated/20210418-weighted-pool/artifact/";
        string memory path = string.concat(BALANCER, folder, "WeightedPoolFactory.json");
        return _deploy(path, abi.encode(vault));
    }

    function _deployV4Manager() internal returns (address) {
        string memory path = string.concat(UNISWAP_V4, "PoolManager.sol/PoolManager.json");
        return _deploy(path, ".bytecode.object", abi.encode(address(this)));
    }

    function _deployV4Liquidity(address manager) internal returns (address) {
        string memory folder = "PoolModifyLiquidityTest.sol/";
        string memory path = string.concat(UNISWAP_V4, folder, "PoolModifyLiquidityTest.json");
        return _deploy(path, ".bytecode.object", abi.encode(manager));
    }
}
