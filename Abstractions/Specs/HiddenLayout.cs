namespace Orleans.Tbptt.Specs;

/// <summary>
/// Where the states of each layer are in the hidden state of one lane, <c>[h, c, …][layer][unit]</c>: h is as long as the cell says
/// (<see cref="CellSpec.Outputs"/>), the others have the units of a layer.
/// </summary>
public sealed class HiddenLayout
{
    private readonly int[] _widths;
    private readonly int[] _firsts;

    /// <summary>That of a model.</summary>
    /// <exception cref="OverflowException">A lane has more than 2,147,483,647 numbers.</exception>
    public HiddenLayout(ModelSpec model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Layers = model.Layers;
        _widths = [.. Enumerable.Range(0, model.Cell.States).Select(state => model.Cell.Width(state, model.HiddenSize))];
        _firsts = new int[_widths.Length];
        for (int state = 0; state < _widths.Length; state++)
        {
            _firsts[state] = Length;
            Length = checked(Length + (Layers * _widths[state]));
        }
    }

    /// <summary>The cell's states.</summary>
    public int States => _widths.Length;

    /// <summary>Recurrent layers.</summary>
    public int Layers { get; }

    /// <summary>Numbers of all states of all layers.</summary>
    public int Length { get; }

    /// <summary>How many numbers one has, however many those are: what to look at before one is made.</summary>
    public static Int128 Count(ModelSpec model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model.Layers * (model.Cell.Outputs(model.HiddenSize) + ((Int128)(model.Cell.States - 1) * model.HiddenSize));
    }

    /// <summary>Numbers of a state in one layer, by its place in <see cref="CellSpec.StateNames"/>.</summary>
    public int Width(int state) => _widths[state];

    /// <summary>The first number of a state of a layer.</summary>
    public int Offset(int state, int layer) => _firsts[state] + (layer * _widths[state]);
}
