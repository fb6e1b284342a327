using System.CommandLine;
using Orleans.Tbptt.Benchmarks.Checkpoints;
using Orleans.Tbptt.Benchmarks.ChunkStep;
using Orleans.Tbptt.Benchmarks.Soak;

var rounds = new Option<int>("--rounds") { Description = "Paired rounds.", DefaultValueFactory = _ => 7 };
var epochs = new Option<int>("--epochs") { Description = "Epochs of 300 steps in each round.", DefaultValueFactory = _ => 10 };
var chunkStep = new Command("chunk-step", "The average example's chunk-step on a silo against bare TorchSharp loops.") { rounds, epochs };
chunkStep.SetAction((parsed, _) => ChunkStepComparison.Run(parsed.GetValue(rounds), parsed.GetValue(epochs)));

var steps = new Option<int>("--steps") { Description = "Steps to train.", DefaultValueFactory = _ => 20_000 };
var soak = new Command("soak", "Live tensors and resident memory over many steps.") { steps };
soak.SetAction((parsed, _) => MemorySoak.Run(parsed.GetValue(steps)));

var copies = new Option<int>("--rounds") { Description = "Copies of the state.", DefaultValueFactory = _ => 200 };
var directory = new Option<string?>("--directory") { Description = "Where to write; a temporary directory when left out." };
var checkpoint = new Command("checkpoint", "What a checkpoint costs: the copy that a step waits for, and the writing beside it.") { copies, directory };
checkpoint.SetAction((parsed, _) =>
{
    CheckpointCost.Run(parsed.GetValue(copies), parsed.GetValue(directory));
    return Task.CompletedTask;
});

return await new RootCommand("Measurements of Orleans.Tbptt.") { chunkStep, soak, checkpoint }.Parse(args).InvokeAsync();
