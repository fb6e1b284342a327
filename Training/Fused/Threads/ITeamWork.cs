namespace Orleans.Tbptt.Training.Fused.Threads;

/// <summary>Work that all members of a <see cref="Team"/> do at the same time, each its share.</summary>
internal interface ITeamWork
{
    /// <summary>Does a member's share.</summary>
    /// <param name="member">The member, from 0, which is the thread that called.</param>
    void Do(int member);
}

/// <summary>Work over a range whose parts are independent of each other.</summary>
internal interface IRangeWork
{
    /// <summary>Does a part.</summary>
    /// <param name="member">The member that does it, from 0.</param>
    /// <param name="first">The first of it.</param>
    /// <param name="end">The one behind its last.</param>
    void Do(int member, int first, int end);
}
