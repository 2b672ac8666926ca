import HoldfastCommands

await HoldfastTool.main()
