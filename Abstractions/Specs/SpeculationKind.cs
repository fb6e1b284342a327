namespace Orleans.Tbptt.Specs;

/// <summary>Whether the work of a silo that is late is done a second time on another one. The result does not depend on it.</summary>
public enum SpeculationKind
{
    /// <summary>Where another silo has room, or trainers of the run.</summary>
    Auto,

    /// <summary>Never: a step waits for the silo until it answers or is lost.</summary>
    Off,
}
