namespace Orleans.Tbptt.Specs;

/// <summary>One parameter tensor and its place in the flat buffer.</summary>
/// <param name="Name">PyTorch's name, such as <c>rnn.weight_ih_l0</c>.</param>
/// <param name="Shape">PyTorch's shape, row-major.</param>
/// <param name="Offset">Index of its first element in the flat buffer.</param>
public sealed record ParameterSlot(string Name, IReadOnlyList<int> Shape, int Offset)
{
    /// <summary>Elements.</summary>
    public int Length { get; } = Shape.Aggregate(1, (product, size) => checked(product * size));
}

/// <summary>
/// The parameters of a model, in PyTorch's order, under PyTorch's names, one after another in one flat float32 buffer:
/// <c>embedding.weight</c> if there is one, or <c>embedding.NAME.weight</c> of each column of classes, then
/// <c>rnn.weight_ih_lN, rnn.weight_hh_lN, rnn.bias_ih_lN, rnn.bias_hh_lN</c> (and <c>rnn.weight_hr_lN</c>) of each layer, behind them the
/// same with <c>_reverse</c> at their ends where it is bidirectional, then <c>norm.weight_lN, norm.bias_lN</c> of each layer where its
/// outputs are normalised, then <c>initial.h_lN</c> of each layer, and <c>initial.c_lN</c> of each, where the initial state is learned,
/// then <c>head.weight, head.bias</c>, without the former where it is the embedding's.
/// </summary>
public sealed class ParameterLayout
{
    /// <summary>The name of the head's weight, where it is a parameter of its own.</summary>
    public const string HeadWeight = "head.weight";

    /// <summary>What the names of parameters of the direction from a sequence's end to its start end with.</summary>
    public const string Reverse = "_reverse";

    private ParameterLayout(IReadOnlyList<ParameterSlot> slots, string head, int hiddenPerLane, int? initialState)
    {
        InitialState = initialState;
        Head = head;
        Slots = slots;
        Length = slots[^1].Offset + slots[^1].Length;
        HiddenPerLane = hiddenPerLane;
    }

    /// <summary>The parameters, in the order of the flat buffer.</summary>
    public IReadOnlyList<ParameterSlot> Slots { get; }

    /// <summary>The name of the head's weight: <c>head.weight</c>, or that of the embedding which it is tied to.</summary>
    public string Head { get; }

    /// <summary>Elements of the flat buffer.</summary>
    public int Length { get; }

    /// <summary>Elements of one lane's hidden state: each of the cell's states of every layer.</summary>
    public int HiddenPerLane { get; }

    /// <summary>
    /// Where the learned initial state of a lane is in the flat buffer, which has it as a lane does (<see cref="HiddenLayout"/>); null
    /// where none is learned.
    /// </summary>
    public int? InitialState { get; }

    /// <summary>
    /// How many parameters a model has whose sizes are all known, however many those are: what to look at before <see cref="Of"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">A size was left out and not yet filled in.</exception>
    public static Int128 Count(ModelSpec model)
    {
        Int128 hidden = model.HiddenSize, outputs = model.LayerOutputs;
        Int128 output = model.OutputSize ?? throw new InvalidOperationException("model.outputSize is not resolved");
        Int128 input = model.Embedding?.Size ?? model.InputSize ?? throw new InvalidOperationException("model.inputSize is not resolved");
        Int128 table = model.Embedding is null
            ? 0
            : input * (model.Embedding.Vocabulary ?? throw new InvalidOperationException("model.embedding.vocabulary is not resolved"));
        foreach (var (name, size) in model.Embeddings.Pairs)
            table += (Int128)size * model.Classes.Of(name, 1);
        int directions = model.Bidirectional ? 2 : 1;
        Int128 layers = directions
            * (model.Cell.CountParameters(input, hidden) + ((model.Layers - 1) * model.Cell.CountParameters(outputs, hidden)));
        Int128 norms = model.LayerNorm ? 2 * model.Layers * outputs : 0;
        Int128 initial = model.LearnInitialState ? HiddenLayout.Count(model) : 0;
        return table + layers + norms + initial + (output * (model.TieWeights ? 1 : outputs + 1));
    }

    /// <summary>The layout of a model whose sizes are all known.</summary>
    /// <exception cref="InvalidOperationException">A size was left out and not yet filled in.</exception>
    /// <exception cref="OverflowException">The model has more than 2,147,483,647 parameters.</exception>
    public static ParameterLayout Of(ModelSpec model)
    {
        int hidden = model.LayerOutputs;
        int output = model.OutputSize ?? throw new InvalidOperationException("model.outputSize is not resolved");
        int input = model.Embedding?.Size ?? model.InputSize ?? throw new InvalidOperationException("model.inputSize is not resolved");
        var slots = new List<ParameterSlot>();
        void Add(string name, params IReadOnlyList<int> shape) =>
            slots.Add(new(name, shape, slots.Count == 0 ? 0 : checked(slots[^1].Offset + slots[^1].Length)));

        foreach (EmbeddingShape table in model.Tables)
            Add(table.Name, table.Classes, table.Size);
        for (int layer = 0; layer < model.Layers; layer++)
        {
            foreach (string direction in model.Bidirectional ? (string[])["", Reverse] : [""])
            {
                foreach (var parameter in model.Cell.Parameters(layer == 0 ? input : hidden, model.HiddenSize))
                    Add($"rnn.{parameter.Name}_l{layer}{direction}", parameter.Shape);
            }
        }

        for (int layer = 0; model.LayerNorm && layer < model.Layers; layer++)
        {
            Add($"norm.weight_l{layer}", hidden);
            Add($"norm.bias_l{layer}", hidden);
        }

        var hiddenState = new HiddenLayout(model);
        int? initial = model.LearnInitialState ? slots[^1].Offset + slots[^1].Length : null;
        for (int state = 0; initial is not null && state < hiddenState.States; state++)
        {
            for (int layer = 0; layer < model.Layers; layer++)
                Add($"initial.{model.Cell.StateNames[state]}_l{layer}", hiddenState.Width(state));
        }

        if (!model.TieWeights)
            Add(HeadWeight, output, hidden);
        Add("head.bias", output);
        return new(slots, model.TieWeights ? model.Tables[0].Name : HeadWeight, hiddenState.Length, initial);
    }
}
