using System.CommandLine;
using Orleans.Tbptt.Benchmarks.ChunkStep;
using Orleans.Tbptt.Benchmarks.Soak;

var rounds = new Option<int>("--rounds") { Description = "Paired rounds.", DefaultValueFactory = _ => 7 };
var epochs = new Option<int>("--epochs") { Description = "Epochs of 300 steps in each round.", DefaultValueFactory = _ => 10 };
var chunkStep = new Command("chunk-step", "The average example's chunk-step on a silo against bare TorchSharp loops.") { rounds, epochs };
chunkStep.SetAction((parsed, _) => ChunkStepComparison.Run(parsed.GetValue(rounds), parsed.GetValue(epochs)));

var steps = new Option<int>("--steps") { Description = "Steps to train.", DefaultValueFactory = _ => 20_000 };
var soak = new Command("soak", "Live tensors and resident memory over many steps.") { steps };
soak.SetAction((parsed, _) => MemorySoak.Run(parsed.GetValue(steps)));

return await new RootCommand("Measurements of Orleans.Tbptt.") { chunkStep, soak }.Parse(args).InvokeAsync();
