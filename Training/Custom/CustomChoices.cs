using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Custom;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Keys;
using Orleans.Tbptt.Specs.Reading;

namespace Orleans.Tbptt.Training.Custom;

/// <summary>
/// What a program adds to the choices of a spec, each under the word <c>custom/NAME</c>. Every silo of a cluster adds the same; a reader of
/// specs that lacks one refuses the specs that name it.
/// </summary>
/// <remarks>To be filled before the first spec is read; later additions are refused.</remarks>
public sealed class CustomChoices
{
    private readonly Lock _gate = new();
    private readonly List<CellSpec> _cells = [];
    private readonly List<OpenableSource> _sources = [];
    private readonly List<LossSpec> _losses = [];
    private SpecReader? _reader;

    /// <summary>Reads specs with every choice of Orleans.Tbptt and those added here. From now on nothing can be added.</summary>
    public SpecReader Reader
    {
        get
        {
            lock (_gate)
                return _reader ??= _cells.Count + _sources.Count + _losses.Count == 0 ? SpecLoader.Reader : new(SpecLoader.Choices with
                {
                    Cells = [.. SpecLoader.Choices.Cells, .. _cells],
                    Sources = [.. SpecLoader.Choices.Sources, .. _sources],
                    Losses = [.. SpecLoader.Choices.Losses, .. _losses],
                });
        }
    }

    /// <summary>Adds a source of independent sequences in memory: <c>source: custom/NAME</c>.</summary>
    /// <inheritdoc cref="CustomSource.OfSequences"/>
    public CustomChoices AddSequenceSource(string name, Func<RunSpec, IReadOnlyList<TimeSeries>> make) =>
        Add(_sources, CustomSource.OfSequences(name, make));

    /// <summary>Adds a source of any data: <c>source: custom/NAME</c>.</summary>
    /// <inheritdoc cref="CustomSource(string, Func{RunSpec, IDataSource})"/>
    public CustomChoices AddDataSource(string name, Func<RunSpec, IDataSource> open) => Add(_sources, new CustomSource(name, open));

    /// <summary>Adds a loss for the fused engine: <c>loss: custom/NAME</c>.</summary>
    /// <inheritdoc cref="CustomLoss(string, ElementLoss)"/>
    public CustomChoices AddLoss(string name, ElementLoss function) => Add(_losses, new CustomLoss(name, function));

    /// <summary>Adds a declaration of a cell; its word is a <see cref="CustomWord"/>.</summary>
    /// <exception cref="ArgumentException">The word is another one.</exception>
    /// <exception cref="InvalidOperationException">There is such a cell, or specs have been read already.</exception>
    public CustomChoices AddCell(CellSpec cell) => Add(_cells, cell);

    /// <summary>Adds a declaration of a loss; its word is a <see cref="CustomWord"/>.</summary>
    /// <exception cref="ArgumentException">The word is another one.</exception>
    /// <exception cref="InvalidOperationException">There is such a loss, or specs have been read already.</exception>
    public CustomChoices AddLoss(LossSpec loss) => Add(_losses, loss);

    private CustomChoices Add<T>(List<T> list, T choice) where T : Choice
    {
        ArgumentNullException.ThrowIfNull(choice);
        if (!CustomWord.Is(choice.Word))
            throw new ArgumentException($"found the word {choice.Word}, expected one that begins with {CustomWord.Prefix}", nameof(choice));
        lock (_gate)
        {
            if (_reader is not null)
                throw new InvalidOperationException(
                    $"{choice.Word} is added after the first spec was read; add it where AddTbptt is called, before the host starts");
            if (list.Any(other => other.Word == choice.Word))
                throw new InvalidOperationException($"{choice.Word} is added a second time; give it another name");
            list.Add(choice);
        }

        return this;
    }
}
