using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Tbptt.Cluster.Clients;
using Orleans.Tbptt.Data.Custom;
using Orleans.Tbptt.Grains.Hosting;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Torch.Custom;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

int[] ports = args.Length == 2 ? [int.Parse(args[0]), int.Parse(args[1])] : [11111, 30000];
var builder = Host.CreateApplicationBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.UseOrleans(silo => silo.UseLocalhostClustering(ports[0], ports[1]).AddTbptt(options =>
{
    options.RunsDirectory = Path.GetFullPath("runs");
    options.Choices
        .AddSequenceSource("waves", spec => [.. Enumerable.Range(0, 20).Select(Wave)])
        .AddRecurrentModel("leaky", (inputs, units) => new Leaky(inputs, units));
}));
using var host = builder.Build();
await host.StartAsync();

var spec = new SpecText("""
    name: leaky
    engine: torch
    model: {cell: custom/leaky, hiddenSize: 16}
    data: {source: custom/waves, batchSize: 5, validationFraction: 0.25}
    tbptt: {chunkLength: 20}
    train: {trainers: 2, epochs: 5, loss: mse, optimizer: {name: adam, lr: 1e-2}}
    """, "leaky.yaml", Environment.CurrentDirectory);
var run = await host.Services.GetRequiredService<IClusterClient>().TrainAsync(spec);
await foreach (var one in run.ReadEventsAsync())
{
    if (one is EpochFinished epoch)
        Console.WriteLine($"epoch {epoch.Epoch}: loss {epoch.Loss:G6}, validation {epoch.ValidationLoss:G6}");
    if (one is RunEnded end)
        Console.WriteLine($"{end.State} at step {end.Step} {end.Message}{end.Model}");
}

await host.StopAsync();

// A sine of a frequency of its own; the target is the next value.
static TimeSeries Wave(int sequence)
{
    float[][] values = [.. Enumerable.Range(0, 101).Select(t => new[] { MathF.Sin(t * (0.2f + 0.01f * sequence)) })];
    return new(values[..^1], values[1..]);
}

// h ← (1 − a)·h + a·tanh(W·x + U·h), where each unit learns how fast it forgets: a = sigmoid(leak).
internal sealed class Leaky : nn.Module<Tensor, Tensor, (Tensor Outputs, Tensor State)>
{
    private readonly Linear input, recurrent;
    private readonly Parameter leak;

    public Leaky(int inputs, int units) : base(nameof(Leaky))
    {
        (input, recurrent, leak) = (nn.Linear(inputs, units), nn.Linear(units, units, hasBias: false), nn.Parameter(zeros(units)));
        RegisterComponents();
    }

    // [time, lanes, inputs] and the state [1, lanes, units] give [time, lanes, units] and the state after the last time step.
    public override (Tensor Outputs, Tensor State) forward(Tensor inputs, Tensor state)
    {
        var (drive, a, h) = (input.call(inputs), sigmoid(leak), state.squeeze(0));
        var outputs = new List<Tensor>();
        for (long t = 0; t < inputs.shape[0]; t++)
            outputs.Add(h = (1 - a) * h + a * tanh(drive[t] + recurrent.call(h)));
        return (stack(outputs), h.unsqueeze(0));
    }
}
