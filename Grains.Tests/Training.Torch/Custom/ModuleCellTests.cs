using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Custom;
using Orleans.Tbptt.Training.Torch.Custom;
using static TorchSharp.torch;

namespace Orleans.Tbptt.Tests.Training.Torch.Custom;

public sealed class ModuleCellTests
{
    private const string Spec = """
        name: own
        engine: torch
        model: {cell: custom/wrapped, hiddenSize: 7, layers: 2}
        data: {source: average, sequences: 12, sequenceLength: 9, batchSize: 4}
        tbptt: {chunkLength: 4}
        train: {trainers: 2, epochs: 2, loss: custom/own-mse, optimizer: {name: adam, lr: 0.01}}
        """;

    private static CustomChoices Choices => new CustomChoices()
        .AddRecurrentModel("wrapped", (input, hidden) => new Wrapped(input, hidden))
        .AddRecurrentModel("wrapped-lstm", (input, hidden) => new WrappedLstm(input, hidden), states: 2)
        .AddLoss("own-mse", (outputs, targets) => (outputs - targets).pow(2).sum());

    /// <summary>The state is carried, zeroed and divided among trainers as that of the built-in cell: not a bit differs.</summary>
    [Theory]
    [InlineData("custom/wrapped", "gru")]
    [InlineData("custom/wrapped-lstm", "lstm")]
    public void OwnModule_GivesTheBitsOfTheCellThatItWraps(string own, string builtIn)
    {
        var custom = Oracle.Of(Read(own, "custom/own-mse"));
        var known = Oracle.Of(Read(builtIn, "mse"));

        Assert.Equal(known.State.Parameters.ToArray(), custom.State.Parameters.ToArray());
        Assert.Equal(known.State.Hidden.ToArray(), custom.State.Hidden.ToArray());
        Assert.Equal(known.EpochLosses, custom.EpochLosses);
    }

    [Fact]
    public void Parameters_HaveTheModulesNames()
    {
        var model = Read("custom/wrapped", "mse").Model with { InputSize = 10, OutputSize = 5 };

        Assert.Contains("rnn.gru.weight_ih_l0_l1", ParameterLayout.Of(model).Slots.Select(slot => slot.Name));
    }

    [Theory]
    [InlineData("model.cell", "custom/wrapped", "mse")]
    [InlineData("train.loss", "gru", "custom/own-mse")]
    public void OtherEngines_AreRefused(string key, string cell, string loss)
    {
        var problem = Assert.Single(Document(cell, loss, "auto").Problems);

        Assert.Equal((key, "choose another one, or write engine: torch"), (problem.Key, problem.Remedy));
    }

    [Fact]
    public void WrongShapes_AreNamed()
    {
        var choices = new CustomChoices().AddRecurrentModel("flat", (input, hidden) => new Flat(input, hidden));
        string text = Spec.Replace("custom/wrapped", "custom/flat", StringComparison.Ordinal)
            .Replace("custom/own-mse", "mse", StringComparison.Ordinal);

        var wrong = Assert.Throws<InvalidOperationException>(() => Oracle.Of(choices.Reader.Parse(new(text, "own.yaml", "/")).Spec!));

        Assert.StartsWith("custom/flat: found state of shape [2, 7], expected [1, 2, 7]", wrong.Message, StringComparison.Ordinal);
    }

    private static RunSpec Read(string cell, string loss) => Document(cell, loss, "torch").Spec!;

    private static SpecDocument Document(string cell, string loss, string engine) => Choices.Reader.Parse(new(
        Spec.Replace("custom/wrapped", cell, StringComparison.Ordinal).Replace("custom/own-mse", loss, StringComparison.Ordinal)
            .Replace("engine: torch", $"engine: {engine}", StringComparison.Ordinal), "own.yaml", "/"));

    private sealed class Wrapped : nn.Module<Tensor, Tensor, (Tensor Outputs, Tensor State)>
    {
        private readonly TorchSharp.Modules.GRU gru;

        public Wrapped(int input, int hidden) : base(nameof(Wrapped))
        {
            gru = nn.GRU(input, hidden);
            RegisterComponents();
        }

        public override (Tensor Outputs, Tensor State) forward(Tensor inputs, Tensor state) => gru.call(inputs, state);
    }

    private sealed class WrappedLstm : nn.Module<Tensor, Tensor, (Tensor Outputs, Tensor State)>
    {
        private readonly TorchSharp.Modules.LSTM lstm;

        public WrappedLstm(int input, int hidden) : base(nameof(WrappedLstm))
        {
            lstm = nn.LSTM(input, hidden);
            RegisterComponents();
        }

        public override (Tensor Outputs, Tensor State) forward(Tensor inputs, Tensor state)
        {
            var (outputs, h, c) = lstm.call(inputs, (state.narrow(0, 0, 1).contiguous(), state.narrow(0, 1, 1).contiguous()));
            return (outputs, cat([h, c], 0));
        }
    }

    /// <summary>Returns a state without its first dimension.</summary>
    private sealed class Flat(int input, int hidden) : nn.Module<Tensor, Tensor, (Tensor Outputs, Tensor State)>(nameof(Flat))
    {
        private readonly Wrapped _inner = new(input, hidden);

        public override (Tensor Outputs, Tensor State) forward(Tensor inputs, Tensor state)
        {
            var (outputs, after) = _inner.call(inputs, state);
            return (outputs, after.squeeze(0));
        }

        public override IEnumerable<(string name, TorchSharp.Modules.Parameter parameter)> named_parameters(bool recurse = true) =>
            _inner.named_parameters(recurse);
    }
}
