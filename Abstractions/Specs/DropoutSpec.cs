using Orleans.Tbptt.Specs.Keys;

namespace Orleans.Tbptt.Specs;

/// <summary>
/// What of the network is dropped while training. It is a hash of (seed, step, place, lane, time, unit): the same for any number of
/// trainers, and nothing that a resumed run would need.
/// </summary>
public sealed record DropoutSpec
{
    /// <summary>Nothing is dropped.</summary>
    public static DropoutSpec None { get; } = new();

    /// <summary>The share of units, in [0, 1), dropped between one recurrent layer and the next. Default 0.</summary>
    public double Between { get; init; }

    /// <summary>
    /// Whether a lane has one mask for all time steps of a chunk (Gal and Ghahramani, 2016): between layers, of inputs and of outputs.
    /// Default false.
    /// </summary>
    public bool Locked { get; init; }

    /// <summary>
    /// The share of tokens, and of classes of each column, whose whole vectors are 0 in a chunk, on all lanes. Default 0.
    /// </summary>
    public double Embedding { get; init; }

    /// <summary>The share of the first layer's inputs that is dropped: values, and numbers of vectors. Default 0.</summary>
    public double Input { get; init; }

    /// <summary>The share of the last layer's outputs that is dropped on the way to the head. Default 0.</summary>
    public double Output { get; init; }

    /// <summary>
    /// The share of <c>weight_hh</c> that is 0 in a step (DropConnect, as AWD-LSTM has it; Merity et al., 2017), the same on all trainers.
    /// Default 0.
    /// </summary>
    public double Weight { get; init; }

    /// <summary>
    /// The share of units whose h stays as it was at a time step (Krueger et al., 2017). Outside of training h is the mean of both.
    /// Default 0.
    /// </summary>
    public double Zoneout { get; init; }

    /// <summary>The same of the c of an LSTM. Default 0.</summary>
    public double ZoneoutCell { get; init; }

    /// <summary>Whether nothing is dropped.</summary>
    public bool IsNone => Between + Embedding + Input + Output + Weight + Zoneout + ZoneoutCell == 0;

    /// <summary>Whether states may stay as they were, which changes the network outside of training, too.</summary>
    public bool Zones => Zoneout > 0 || ZoneoutCell > 0;

    /// <summary>A share dropped between layers, and nothing else.</summary>
    public static DropoutSpec FromDouble(double between) => between == 0 ? None : new() { Between = between };

    /// <inheritdoc cref="FromDouble"/>
    public static implicit operator DropoutSpec(double between) => FromDouble(between);

    /// <summary>The share between layers, where it is all that there is; null otherwise.</summary>
    internal double? AsNumber() => this == FromDouble(Between) ? Between : null;

    /// <summary>Passes each key to a walk.</summary>
    internal static DropoutSpec Walk(SpecWalk walk, DropoutSpec dropout)
    {
        double Share(string key, double value, string about) =>
            walk.Number(key, value, about, NumberRange.Share, isWritten: value != 0);

        return new()
        {
            Between = Share("between", dropout.Between, "share of units dropped between one layer and the next"),
            Locked = walk.Flag(
                "locked", dropout.Locked, "one mask for all time steps of a lane's chunk: between layers, of inputs and of outputs",
                isWritten: dropout.Locked),
            Embedding = Share(
                "embedding", dropout.Embedding, "share of tokens, or of classes of a column, whose whole vectors are 0 in a chunk"),
            Input = Share("input", dropout.Input, "share of the first layer's inputs"),
            Output = Share("output", dropout.Output, "share of the last layer's outputs, on the way to the head"),
            Weight = Share(
                "weight", dropout.Weight, "share of `weight_hh` that is 0 in a step, as in AWD-LSTM; not with engine torch"),
            Zoneout = Share(
                "zoneout", dropout.Zoneout,
                "share of units whose h stays as it was at a time step; outside of training h is the mean of both; not with engine torch"),
            ZoneoutCell = Share("zoneoutCell", dropout.ZoneoutCell, "the same of the c of an lstm"),
        };
    }
}
