namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>Every optimizer that a spec can name.</summary>
public static class UpdateRules
{
    /// <summary>The list.</summary>
    public static IReadOnlyList<UpdateRule> All { get; } =
    [
        new Sgd(), new Adam(), new AdamW(), new RmsProp(), new Adagrad(), new NAdam(), new RAdam(), new Lion(),
    ];
}
