using System.CommandLine;
using Orleans.Tbptt.Benchmarks.ChunkStep;

var rounds = new Option<int>("--rounds") { Description = "Paired rounds.", DefaultValueFactory = _ => 7 };
var epochs = new Option<int>("--epochs") { Description = "Epochs of 300 steps in each round.", DefaultValueFactory = _ => 10 };
var chunkStep = new Command("chunk-step", "The average example's chunk-step on a silo against bare TorchSharp loops.") { rounds, epochs };
chunkStep.SetAction((parsed, _) => ChunkStepComparison.Run(parsed.GetValue(rounds), parsed.GetValue(epochs)));

var root = new RootCommand("Measurements of Orleans.Tbptt.") { chunkStep };
return await root.Parse(args).InvokeAsync();
